export { create, createInput } from "./create.ts";
export { disable, disableInput } from "./disable.ts";
export { list, listInput } from "./list.ts";
