export { accept, acceptInput } from "./accept.ts";
export { create, createInput } from "./create.ts";
export { list, listInput } from "./list.ts";
export { preview, previewInput } from "./preview.ts";
export { revoke, revokeInput } from "./revoke.ts";
