/**
 * Threat: a hole that somebody closed in an emergency is open again because time passed, or because one person clicked.
 * Invariant: what is put back without anybody's approval allows nothing that the text in force denies, and nothing that the text of
 * before denied. Whatever cannot be shown to be so is not put back: in the end nothing is allowed.
 */
import { diffPolicies, type Policy, parsePolicy, printPolicy } from "@creel/policy";
import { CreelError } from "../errors/errors.ts";
import { commonPolicies } from "./common.ts";
import { judgePolicy } from "./judge.ts";
import { NOTHING_ALLOWED } from "./nothingAllowed.ts";

/** `whole`: the text of before opens nothing. `stay`: it only opens. `part`: it does both, and this is what both texts allow. */
export type WayBack = { how: "whole" } | { how: "stay" } | { how: "part"; yaml: string };

interface Texts {
  /** What break-glass applied. */
  applied: string;
  former: string;
  now: Date;
}

export function wayBack({ applied, former, now }: Texts): WayBack {
  const [from, to] = [parsePolicy(applied).policy, parsePolicy(former).policy];
  // A text that no longer parses allows nothing on any node; what it allowed then nobody can compare.
  if (from === null || to === null) return { how: "part", yaml: NOTHING_ALLOWED };
  if (!opens(from, to, now)) return { how: "whole" };
  if (!opens(to, from, now)) return { how: "stay" };
  return { how: "part", yaml: commonText({ from, to, now }) };
}

/** Whether something is allowed by the text after that the one before denied. */
export function opensBetween(before: string, after: string, now: Date): boolean {
  const [a, b] = [parsePolicy(before).policy, parsePolicy(after).policy];
  return a === null || b === null || opens(a, b, now);
}

/** What nobody can grade counts as opening, both ways; what documents or tests a policy decides nothing. */
function opens(before: Policy, after: Policy, now: Date): boolean {
  const { requests, settings } = diffPolicies(before, after, { nowMs: now.getTime() });
  return (
    requests.some(({ effect }) => effect === "allow") ||
    settings.some(({ field, effect, risk }) => field !== "tests" && effect !== "narrows" && risk.grade !== "none")
  );
}

/** Each is compared with both texts, and a comparison may take a second or two: so few are tried, and of long texts one. */
const GUESSES_MAX = 3;
const LONG_CHARS = 64 * 1024;

/** The most of what both allow that can be shown to be no more than either. */
function commonText({ from, to, now }: { from: Policy; to: Policy; now: Date }): string {
  const tried = new Set<string>();
  for (const policy of commonPolicies(to, from)) {
    const text = printPolicy(policy);
    if (tried.has(text) || tried.size >= (text.length > LONG_CHARS ? 1 : GUESSES_MAX)) continue;
    tried.add(text);
    const read = readable(text, now);
    if (read !== null && !opens(from, read, now) && !opens(to, read, now)) return text;
  }
  return NOTHING_ALLOWED;
}

function readable(yaml: string, now: Date): Policy | null {
  try {
    return judgePolicy(yaml, now).policy;
  } catch (error) {
    if (error instanceof CreelError) return null;
    throw error;
  }
}
