export { approve, approveInput } from "./approve.ts";
export { begin, beginInput } from "./begin.ts";
export { deny, denyInput } from "./deny.ts";
export { look, lookInput } from "./look.ts";
export { poll, pollInput } from "./poll.ts";
