import { type NodeMessage, nodeMessageSchema } from "@creel/protocol";

/** A zero byte or half a surrogate pair is legal JSON and poison to the database. */
const POISON = /\\u(0000|d[89a-f][0-9a-f]{2})/i;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const clean = (_key: string, value: unknown): unknown =>
  typeof value === "string" ? value.replaceAll("\u0000", "\ufffd").replace(LONE_SURROGATE, "\ufffd") : value;

/** A node's message, or null when it is anything else. What is wrong with it is not repeated: it may hold a secret. */
export function parseNodeMessage(text: string): NodeMessage | null {
  try {
    const raw: unknown = POISON.test(text) ? JSON.parse(text, clean) : JSON.parse(text);
    const parsed = nodeMessageSchema.safeParse(raw);
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** The protocol version a `hello` names, also when the rest of it does not parse; 0 when it names none. */
export function protocolOf(text: string): number {
  try {
    const raw: unknown = JSON.parse(text);
    const named = typeof raw === "object" && raw && "type" in raw && raw.type === "hello" && "protocol" in raw;
    return named && typeof raw.protocol === "number" ? raw.protocol : 0;
  } catch {
    return 0;
  }
}
