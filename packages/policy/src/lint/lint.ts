/** What reviewers miss: warnings about files that are valid and mean less, or more, than they seem to. */
import { addressClass } from "../canonical/address.ts";
import { isIpLiteral } from "../canonical/host.ts";
import { compilePolicy } from "../engine/compile.ts";
import { decide } from "../engine/decide.ts";
import type { Endpoint, PolicyEntry } from "../model.ts";
import { parsePolicy } from "../parse.ts";
import { policyFile } from "../schema/fields.ts";
import { readTree } from "../schema/read.ts";
import type { PolicyProblem } from "../types.ts";
import { loadYaml } from "../yaml/load.ts";
import { Problems } from "../yaml/problems.ts";
import type { Lint } from "./context.ts";
import { lintOverlap, uninspectedByTarget } from "./overlap.ts";
import { lintDeny, lintShadowed } from "./rules.ts";

/** Programs that run what they are given: whoever may be them may be anything. */
const INTERPRETERS =
  /^(ba|da|z|fi|k)?sh$|^(node|bun|deno|python[\d.]*|perl|ruby|php|lua|env|xargs|busybox|awk|gawk|tclsh|java)$/;

/** Everything `parsePolicy` says, and for a valid file also what a reviewer may have missed. `nowMs` finds what has expired. */
export function lintPolicy(yamlText: string, nowMs: number): PolicyProblem[] {
  const { policy, problems } = parsePolicy(yamlText);
  if (policy === null) return problems;
  const found = new Problems();
  const scratch = new Problems();
  const yaml = loadYaml(yamlText, scratch);
  if (yaml === null) return problems;
  const lint: Lint = { policy, at: readTree(yaml, policyFile, scratch).at, problems: found };
  const rivals = uninspectedByTarget(policy);
  for (const [key, entry] of Object.entries(policy.network_policies)) {
    lintEntry(lint, key, entry, nowMs);
    for (const [i, endpoint] of entry.endpoints.entries()) {
      const field = `network_policies.${key}.endpoints[${i}]`;
      lintEndpoint(lint, field, endpoint);
      lintOverlap(lint, field, entry, endpoint, rivals);
    }
  }
  lintTop(lint, nowMs);
  return [...problems, ...found.list].sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
}

function lintTop({ policy, at, problems }: Lint, nowMs: number): void {
  if (policy.mode === "monitor" && policy.monitor_until === undefined)
    problems.warn(
      "monitor_forever",
      at("mode"),
      "Monitor mode never ends, so nothing is ever denied.",
      "Add `monitor_until`.",
    );
  if (policy.monitor_until !== undefined && Date.parse(policy.monitor_until) <= nowMs)
    problems.warn(
      "monitor_over",
      at("monitor_until"),
      "Monitor mode has ended; the policy is enforced.",
      "Write `mode: enforce`, or a later time.",
    );
  for (const [key, middleware] of Object.entries(policy.network_middlewares))
    if (middleware.on_error === "fail_closed")
      problems.warn(
        "middleware_missing",
        at(`network_middlewares.${key}`),
        `Where middleware \`${middleware.middleware}\` cannot run, the hosts it covers are denied.`,
        "Make sure the node offers it, or remove it.",
      );
  const compiled = compilePolicy(policy);
  for (const [i, test] of policy.tests.entries()) {
    const got = decide(compiled, test.request, nowMs);
    if (got.decision !== test.expect || (test.rule !== undefined && test.rule !== got.rule))
      problems.error(
        "test_failed",
        at(`tests[${i}]`),
        `The test expects ${test.expect}${test.rule === undefined ? "" : ` by \`${test.rule}\``}, but gets ${got.decision}: ${got.reason}`,
        "Change the policy or the expectation.",
      );
  }
}

function lintEntry({ at, problems }: Lint, key: string, entry: PolicyEntry, nowMs: number): void {
  const field = `network_policies.${key}`;
  if (entry.expires_at !== undefined && Date.parse(entry.expires_at) <= nowMs)
    problems.warn(
      "expired",
      at(`${field}.expires_at`),
      `The entry expired at ${entry.expires_at} and allows nothing.`,
      "Remove it, or extend it with a reason.",
    );
  if (entry.limits !== undefined)
    problems.warn(
      "limits_not_judged",
      at(`${field}.limits`),
      "`limits` are counted by the gateway, not by a single decision.",
      "Check `creel doctor` on the node for whether it counts them.",
    );
  for (const [i, binary] of entry.binaries.entries()) {
    const name = binary.path.split("/").at(-1) ?? "";
    if (binary.path === "/**" || binary.path === "**" || /^\/\*+$/.test(binary.path))
      problems.warn(
        "any_binary",
        at(`${field}.binaries[${i}]`),
        "Any program gets these endpoints, also one the agent writes itself.",
        "Name the programs.",
      );
    else if (INTERPRETERS.test(name) && binary.script === undefined)
      problems.warn(
        "interpreter",
        at(`${field}.binaries[${i}]`),
        `\`${name}\` runs whatever it is given, so this allows every script.`,
        "Name a program that does one thing, where there is one.",
      );
    if (/^\/(tmp|var\/tmp|dev\/shm|sandbox|workspace|home)(\/|$)/.test(binary.path) && binary.sha256 === undefined)
      problems.warn(
        "writable_binary",
        at(`${field}.binaries[${i}]`),
        `\`${binary.path}\` lies where the agent can write, so it can put its own program there.`,
        "Pin it with `sha256:`.",
      );
    if (binary.inherit === true && (binary.sha256 !== undefined || binary.script !== undefined))
      problems.warn(
        "inherit_without_effect",
        at(`${field}.binaries[${i}]`),
        "Of a parent only the path is known, so `inherit` has no effect beside `sha256` or `script`.",
        "Remove `inherit`.",
      );
  }
}

function lintEndpoint(lint: Lint, field: string, endpoint: Endpoint): void {
  const { at, problems } = lint;
  if (endpoint.enforcement === "audit")
    problems.warn(
      "audit_only",
      at(`${field}.enforcement`),
      "`audit` only records what it would deny.",
      "Write `enforcement: enforce` when the records look right.",
    );
  if (isIpLiteral(endpoint.host) && addressClass(endpoint.host) !== "public" && endpoint.allowed_ips === undefined)
    problems.warn(
      "never_reached",
      at(`${field}.host`),
      `${endpoint.host} is not a public address, so without \`allowed_ips\` it is always denied.`,
      `Add \`allowed_ips: [${endpoint.host}]\`.`,
    );
  if (endpoint.allow_uninspected_credentials === true)
    problems.warn(
      "uninspected_credentials",
      at(`${field}.allow_uninspected_credentials`),
      "Credentials may leave by traffic that nothing inspects.",
      "Choose an inspected protocol.",
    );
  const wild = endpoint.host.includes("*") && (endpoint.protocol === "tcp" || endpoint.protocol === undefined);
  if (wild)
    problems.warn(
      "wide_uninspected",
      at(`${field}.host`),
      `Every host of ${endpoint.host} is reachable without inspection.`,
      "Name the hosts, or choose an inspected protocol.",
    );
  for (const [i, clause] of (endpoint.deny_rules ?? []).entries())
    lintDeny(lint, `${field}.deny_rules[${i}]`, clause, endpoint);
  for (const [i, rule] of (endpoint.rules ?? []).entries())
    lintShadowed(lint, `${field}.rules[${i}]`, rule.allow, endpoint, i);
}
