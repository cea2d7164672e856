export { list, listInput } from "./list.ts";
