export { allow, allowInput } from "./allow.ts";
export { dismiss, dismissInput } from "./dismiss.ts";
export { type InboxPage, list, listInput } from "./list.ts";
export { restore, restoreInput } from "./restore.ts";
export { sweep, sweepInput } from "./sweep.ts";
