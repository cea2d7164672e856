export { list, listInput } from "./list.ts";
export { remove, removeInput } from "./remove.ts";
