export * from "./agent-request.ts";
export * from "./close-codes.ts";
export * from "./decision.ts";
export * from "./desired.ts";
export * from "./exception.ts";
export * from "./messages.ts";
