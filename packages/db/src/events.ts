import { sql } from "drizzle-orm";
import postgres from "postgres";
import { z } from "zod";
import type { Tx } from "./client.ts";
import { quiet } from "./quiet.ts";

export const EVENT_CHANNEL = "creel_events";
export const eventTopics = [
  "decisions",
  "sandboxes",
  "nodes",
  "plans",
  "commands",
  "audit",
  "logs",
  "policies",
  "notices",
  "changes",
  "exceptions",
  "secrets",
] as const;
export type EventTopic = (typeof eventTopics)[number];

/** Ids only: every listener hears every org, so an event must say nothing about what happened. */
const payloadSchema = z.strictObject({ orgId: z.uuid(), topic: z.enum(eventTopics), id: z.uuid().optional() });
export type CreelEvent = z.infer<typeof payloadSchema> | { topic: "*" };

/** Sent when the transaction commits; equal events of one transaction are sent once. */
export async function notify(
  tx: Tx,
  event: { orgId: string; topic: EventTopic; id?: string | undefined },
): Promise<void> {
  await tx.execute(sql`select pg_notify(${EVENT_CHANNEL}, ${JSON.stringify(payloadSchema.parse(event))})`);
}

export interface Listener {
  close(): Promise<void>;
}

/**
 * Hears the events of all orgs; the caller shows each client only its own. The driver reconnects by itself; what happened
 * meanwhile is unknown, so topic `*` asks everybody to look again.
 */
export async function listenEvents(url: string, onEvent: (event: CreelEvent) => void): Promise<Listener> {
  const client = postgres(url, { max: 1, prepare: false, idle_timeout: 0, onnotice: quiet });
  let listening = false;
  await client.listen(
    EVENT_CHANNEL,
    (text) => {
      const event = parseEvent(text);
      if (event !== null) onEvent(event);
    },
    () => {
      if (listening) onEvent({ topic: "*" });
      listening = true;
    },
  );
  return { close: async () => await client.end({ timeout: 5 }) };
}

function parseEvent(text: string): CreelEvent | null {
  try {
    return payloadSchema.parse(JSON.parse(text));
  } catch {
    // Any role may notify on any channel; what does not parse is nobody's event.
    return null;
  }
}
