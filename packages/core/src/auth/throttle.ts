import { createHash } from "node:crypto";
import { FAILURE_WINDOW_MS, FAILURES_MAX } from "./limits.ts";

/** Accounts remembered at once; beyond it the oldest are forgotten, which costs an attacker more than it gives. */
const ACCOUNTS_MAX = 50_000;

/**
 * Wrong passwords per account, in this process: slows guessing at one account from many addresses. A sign-in that is let
 * through has already counted as a try, so that parallel guesses cannot all pass before the first is judged.
 */
const tries = new Map<string, { count: number; until: number }>();
const keyOf = (email: string): string => createHash("sha256").update(email).digest("hex");

export function mayTry(email: string, now: Date): boolean {
  const key = keyOf(email);
  const known = tries.get(key);
  const current = known !== undefined && known.until > now.getTime() ? known : { count: 0, until: 0 };
  if (current.count >= FAILURES_MAX) return false;
  tries.delete(key);
  tries.set(key, {
    count: current.count + 1,
    until: current.count === 0 ? now.getTime() + FAILURE_WINDOW_MS : current.until,
  });
  const oldest = tries.keys().next();
  if (tries.size > ACCOUNTS_MAX && !oldest.done) tries.delete(oldest.value);
  return true;
}

export const forgetTries = (email: string): void => {
  tries.delete(keyOf(email));
};
