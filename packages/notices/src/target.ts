/** What checks and makes a channel's target and sends nothing. */
export { hostPort, publicLookup, urlProblem } from "./guard.ts";
export { makeWebhookSecret } from "./signature.ts";
export type { Channel, Notice } from "./types.ts";
