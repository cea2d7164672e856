import { asCaller, busyFor } from "@creel/db";
import { hostOf } from "./auth/address.ts";
import type { Actor, UserActor } from "./context.ts";
import { CreelError } from "./errors/errors.ts";
import { hashToken } from "./secrets/tokens.ts";

/**
 * Who takes turns at the database's connections (`packages/db/src/turns.ts`). A key, and each sign-in, counts apart from its person:
 * whoever has stolen one keeps nobody from ending it. Who is nobody yet is told apart from others who ask the same by where they ask from, if that is
 * known for sure, else by what they show: whoever floods with one credential holds up that credential, and one that nobody has is one
 * of many who each wait for a turn.
 */
export function callerOf(actor: Actor | null, asked: { verb: string; input: unknown }): string {
  if (actor === null) return `nobody ${asked.verb} ${addressIn(asked.input) ?? shownIn(asked.input)}`;
  if (actor.kind === "user") return callerOfUser(actor);
  if (actor.kind === "apiKey") return callerOfKey(actor.tokenId);
  return actor.kind === "node" ? `node ${actor.nodeId}` : "";
}

export const callerOfUser = ({ userId, sessionId = "" }: Pick<UserActor, "userId" | "sessionId">): string =>
  `user ${userId} ${sessionId}`;
export const callerOfKey = (tokenId: string): string => `key ${tokenId}`;

/** Verbs of nobody yet take it as a field, which a transport fills in where a proxy vouches for it. */
const addressIn = (input: unknown): string | null => {
  const address = textAt(input, "address");
  return address === null ? null : hostOf(address);
};

/** What verbs of nobody yet are shown, by their fields. */
const SHOWN_FIELDS = ["token", "deviceCode", "email", "ticket"];
/** 64 bits of a hash: enough to be told apart, and nothing that opens anything. */
const SHOWN_CHARS = 16;

function shownIn(input: unknown): string {
  const shown = SHOWN_FIELDS.map((field) => textAt(input, field)).find((text) => text !== null) ?? null;
  return shown === null ? "" : hashToken(shown).slice(0, SHOWN_CHARS);
}

function textAt(input: unknown, field: string): string | null {
  const value: unknown = typeof input === "object" && input !== null ? Reflect.get(input, field) : null;
  return typeof value === "string" ? value : null;
}

/** Runs a verb as its caller; what was not begun because too much waits is an answer and no failure. */
export async function inTurn<T>(caller: string, run: () => Promise<T>): Promise<T> {
  try {
    return await asCaller(caller, run);
  } catch (error) {
    const retryAfterSeconds = busyFor(error);
    if (retryAfterSeconds === null) throw error;
    throw new CreelError("unavailable", "Too much of this organization waits already. Ask again in a few seconds.", {
      cause: error,
      retryAfterSeconds,
    });
  }
}
