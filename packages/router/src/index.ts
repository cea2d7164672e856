export { createHttpModel, type HttpModelOptions } from "./backend/http.ts";
export { type Probe, probeJson } from "./backend/probe.ts";
export { type DetectOptions, detectModel, type Environment } from "./detect.ts";
export { errorBody, RouterError } from "./errors.ts";
export { PROBE_TIMEOUT_MS, REQUEST_BODY_BYTES_MAX } from "./limits.ts";
export { createRouter, type RouterOptions } from "./router.ts";
export { createScriptedModel } from "./scripted/backend.ts";
export { SCRIPTED_MODEL_NAME } from "./scripted/plan.ts";
export type * from "./types.ts";
