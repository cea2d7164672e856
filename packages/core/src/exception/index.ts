export { end, endInput } from "./end.ts";
export { type ExceptionGranted, grant, grantInput } from "./grant.ts";
export { list, listInput } from "./list.ts";
