import { asCaller, busyFor } from "@creel/db";
import { hostOf } from "./auth/address.ts";
import type { Actor } from "./context.ts";
import { CreelError } from "./errors/errors.ts";

/**
 * Who takes turns at the database's connections (`packages/db/src/turns.ts`). A key counts apart from its person: whoever has stolen
 * it keeps nobody from revoking it. Who is nobody yet counts with all who ask the same, from one address where one is known for sure.
 */
export function callerOf(actor: Actor | null, asked: { verb: string; input: unknown }): string {
  if (actor === null) return `nobody ${asked.verb} ${addressIn(asked.input)}`;
  if (actor.kind === "user") return `user ${actor.userId}`;
  if (actor.kind === "apiKey") return `key ${actor.tokenId}`;
  return actor.kind === "node" ? `node ${actor.nodeId}` : "";
}

/** Verbs of nobody yet take it as a field, which a transport fills in where a proxy vouches for it. */
const addressIn = (input: unknown): string =>
  typeof input === "object" && input !== null && "address" in input && typeof input.address === "string"
    ? hostOf(input.address)
    : "";

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
