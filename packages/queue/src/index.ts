export { createJobQueue } from "./jobQueue.ts";
export * from "./queues.ts";
export * from "./types.ts";
