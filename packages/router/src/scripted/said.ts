import type { OfferedTool } from "./tools.ts";

/** What the scripted model needs of a request, whatever the protocol: who said what, in order, and the tools on offer. */
export interface Conversation {
  items: readonly ConversationItem[];
  tools: readonly OfferedTool[];
}
export type ConversationItem = { kind: "user" | "result"; text: string };
