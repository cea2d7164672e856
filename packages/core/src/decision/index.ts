export { get, getInput } from "./get.ts";
export { ingest, ingestInput } from "./ingest.ts";
export { list, listInput } from "./list.ts";
export { reach, reachInput } from "./reach.ts";
export { timeline, timelineInput } from "./timeline.ts";
