export { parseRecordLine, type RecordLine } from "./read-line.ts";
export { createReplay, type Replay, type ReplayOptions } from "./replay.ts";
