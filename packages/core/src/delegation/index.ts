export { candidates, candidatesInput } from "./candidates.ts";
export { end, endInput } from "./end.ts";
export { give, giveInput } from "./give.ts";
export { list, listInput } from "./list.ts";
