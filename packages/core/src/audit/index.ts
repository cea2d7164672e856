export { exportPage, list, listInput } from "./list.ts";
