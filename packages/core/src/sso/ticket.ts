import { createHash, timingSafeEqual } from "node:crypto";
import { type Db, sql, tables, withSystem } from "@creel/db";
import { z } from "zod";
import type { Sealer } from "../secrets/sealer.ts";

/**
 * What a browser carries from the button to the provider's answer, sealed in a cookie of its own. Threat: an answer that another
 * browser asked for, that was asked of another provider, that comes twice or a day later. Invariant: an answer counts only with the
 * ticket of this browser, for the org and the provider it was made for, within minutes, and once.
 */
const ticketSchema = z.strictObject({
  orgId: z.uuid(),
  providerId: z.uuid(),
  /** Of the settings it was begun under: changed ones end it. */
  settingsAt: z.number(),
  state: z.string().min(16),
  nonce: z.string().min(16),
  codeVerifier: z.string().min(43),
  /** Whether the person was asked to show again who they are. */
  prove: z.boolean(),
  /** The sign-in that is to be proved by this, of a person who is in already; absent where one is to begin. */
  proves: z.strictObject({ userId: z.uuid(), sessionId: z.uuid() }).optional(),
  next: z.string(),
  expiresAt: z.number(),
});
export type Ticket = z.output<typeof ticketSchema>;

const PLACE = "creel/sso/ticket";

export const sealTicket = async (seal: Sealer, ticket: Ticket): Promise<string> =>
  await seal.seal(Buffer.from(JSON.stringify(ticket), "utf8"), PLACE);

/** Null for what is no ticket of ours. */
export async function openTicket(seal: Sealer, text: string): Promise<Ticket | null> {
  try {
    const plain = await seal.open(text, PLACE);
    return ticketSchema.parse(JSON.parse(Buffer.from(plain).toString("utf8")));
  } catch {
    return null;
  }
}

export function isSame(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash("sha256").update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}

/** True for the first who brings this ticket, in the database that all servers share; it is remembered until it would have ended. */
export async function takeTicket(db: Db, ticket: Ticket): Promise<boolean> {
  const t = tables.authTries;
  const key = createHash("sha256").update(`creel sso ticket/${ticket.state}`).digest("hex");
  const [row] = await withSystem(db, (tx) =>
    tx
      .insert(t)
      .values({ key, count: 1, windowEndsAt: new Date(ticket.expiresAt) })
      .onConflictDoUpdate({ target: t.key, set: { count: sql`${t.count} + 1` } })
      .returning({ count: t.count }),
  );
  return row?.count === 1;
}
