export { formsOf, isFindable, WIDE_ENCODERS } from "./encodings.ts";
export { type Needle, type NeedleSet, needleSet } from "./needles.ts";
export { createScrubber, type Scrubber } from "./scrubber.ts";
