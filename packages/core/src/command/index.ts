export { complete, completeInput } from "./complete.ts";
export { next, nextInput } from "./next.ts";
