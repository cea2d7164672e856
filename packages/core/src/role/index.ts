export { create, createInput } from "./create.ts";
export { list, listInput } from "./list.ts";
export { remove, removeInput } from "./remove.ts";
export { update, updateInput } from "./update.ts";
