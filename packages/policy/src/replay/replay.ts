/**
 * Past requests under another version: what would have broken, what would have been let through. Invariant: one pass, bounded memory,
 * and nothing is claimed that the record does not show: where a record lacks what the version judges, it is counted as uncertain.
 * Taken for granted, where neither the record nor the version's own conditions speak of it: that only POST and WebSocket messages
 * carry a body, that a GET opens no WebSocket, and that a name led to a public address.
 */
import type { CompiledPolicy } from "../engine/compiled.ts";
import { createGroups } from "./groups.ts";
import { createVersionJudge, type Judgement } from "./judge.ts";
import { outsideCause } from "./outside.ts";
import type { RecordedRequest, ReplayResult } from "./types.ts";

export interface ReplayOptions {
  /** The version to be tried. */
  after: CompiledPolicy;
  /** Compare with this version instead of with what was decided then. */
  before?: CompiledPolicy | undefined;
  /** The clock for `expires_at` and `monitor_until`: one moment for all, or (the default) each record's own time. */
  nowMs?: number | "recorded" | undefined;
}

export interface Replay {
  /** Null is a line that is no request, such as the end of a connection. */
  add(record: RecordedRequest | null): void;
  /** May be asked for at any time. */
  result(): ReplayResult;
}

export function createReplay(options: ReplayOptions): Replay {
  const nowMs = options.nowMs ?? "recorded";
  const after = createVersionJudge(options.after, nowMs);
  const before = options.before === undefined ? null : createVersionJudge(options.before, nowMs);
  const groups = createGroups();
  const counts = { total: 0, unchanged: 0, broken: 0, opened: 0, uncertain: 0, skipped: 0 };

  /** What was decided then, in the terms of what is decided now. */
  function judgeThen(record: RecordedRequest): Judgement {
    if (before !== null) return before.judge(record);
    if (record.decision === undefined)
      return { passes: null, rule: null, reason: "The line does not say how it was decided then." };
    return { passes: record.decision !== "deny", rule: record.rule, reason: record.reason ?? "" };
  }

  function judgeNow(record: RecordedRequest): Judgement {
    const judged = after.judge(record);
    if (judged.passes !== true) return judged;
    const cause = outsideCause(record);
    const same = cause === "always" || (cause === "inspection" && after.inspects(record));
    if (same) return { passes: record.decision !== "deny", rule: record.rule, reason: record.reason ?? "" };
    if (cause !== null && before === null)
      return {
        ...judged,
        passes: null,
        reason: `The policy would allow it; it was denied then for another reason, which may hold again: ${record.reason ?? "unknown"}`,
      };
    // The gateway writes a passing connection down as such only where it relays it unread.
    if (
      before === null &&
      record.kind === "connect" &&
      record.method == null &&
      record.decision !== "deny" &&
      after.inspects(record)
    )
      return {
        ...judged,
        passes: null,
        reason: "The connection was relayed unread; this version reads it and judges each request.",
      };
    return judged;
  }

  return {
    add(record) {
      counts.total++;
      if (record === null) {
        counts.skipped++;
        return;
      }
      const then = judgeThen(record);
      const now = judgeNow(record);
      if (then.passes !== null && then.passes === now.passes) {
        counts.unchanged++;
        return;
      }
      const kind = then.passes === null || now.passes === null ? "uncertain" : now.passes ? "opened" : "broken";
      counts[kind]++;
      const reason = now.passes !== null && then.passes === null ? then.reason : now.reason;
      groups.add({ kind, record, ruleBefore: then.rule, ruleAfter: now.rule, reason });
    },
    result: () => ({ ...counts, ...groups.result() }),
  };
}
