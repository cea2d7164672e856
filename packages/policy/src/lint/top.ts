/** What stands at the head of a file and of its entries: modes, times, limits, middlewares, tests. */
import { runPolicyTests } from "../explain/run-tests.ts";
import type { PolicyEntry } from "../model.ts";
import type { Place } from "../types.ts";
import { fieldOf, type Lint } from "./context.ts";
import type { Ref } from "./endpoints.ts";

export function lintTop(lint: Lint): void {
  const { policy, nowMs } = lint;
  if (policy.mode === "monitor" && policy.monitor_until === undefined)
    lint.warn("monitor_forever", "mode", "Monitor mode never ends, so nothing is ever denied.", "Add `monitor_until`.");
  if (policy.monitor_until !== undefined && Date.parse(policy.monitor_until) <= nowMs)
    lint.warn(
      "monitor_over",
      "monitor_until",
      `Monitor mode ended at ${policy.monitor_until}; the policy is enforced.`,
      "Write `mode: enforce`, or a later time.",
    );
  for (const [key, middleware] of Object.entries(policy.network_middlewares))
    if (middleware.on_error === "fail_closed")
      lint.warn(
        "middleware_missing",
        `network_middlewares.${key}`,
        `Where middleware \`${middleware.middleware}\` cannot run, the hosts it covers are denied.`,
        "Make sure the node offers it, or remove it.",
      );
}

export function lintTests(lint: Lint, at: (field: string) => Place): void {
  for (const { index, expected, got, passed } of runPolicyTests({ policy: lint.policy, at }, lint.nowMs))
    if (!passed)
      lint.warn(
        "test_failed",
        `tests[${index}]`,
        `The test expects ${expected.decision}${expected.rule === null ? "" : ` by \`${expected.rule}\``}, but gets ${got.decision}: ${got.reason}`,
        "Change the policy or the expectation.",
      );
}

export function lintEntryHead(lint: Lint, key: string, entry: PolicyEntry): void {
  const field = `network_policies.${key}`;
  if (entry.expires_at !== undefined && Date.parse(entry.expires_at) <= lint.nowMs)
    lint.warn(
      "expired",
      `${field}.expires_at`,
      `The entry expired at ${entry.expires_at} and allows nothing.`,
      "Remove it, or extend it with a reason.",
    );
  if (entry.limits !== undefined)
    lint.warn(
      "limits_not_judged",
      `${field}.limits`,
      "`limits` are counted by the gateway, not by a single decision.",
      "Check `creel doctor` on the node for whether it counts them.",
    );
}

export function lintAudit(lint: Lint, ref: Ref): void {
  if (ref.endpoint.enforcement === "audit")
    lint.warn(
      "audit_only",
      `${fieldOf(ref)}.enforcement`,
      "`audit` only records what it would deny.",
      "Write `enforcement: enforce` when the records look right.",
    );
}
