export { create, createInput } from "./create.ts";
export { list, listInput } from "./list.ts";
export { revoke, revokeInput } from "./revoke.ts";
export { rotate, rotateInput } from "./rotate.ts";
