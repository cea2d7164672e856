/** What changes without being a set of requests, each field by a table of what widens. */
import { canonicalJson } from "../canonical/json.ts";
import type { Policy } from "../model.ts";
import { same, setting } from "./setting.ts";
import { compareEntries } from "./settings-entries.ts";
import { compareFilesystem } from "./settings-files.ts";
import { compareMiddlewares } from "./settings-middlewares.ts";
import { compareSandbox } from "./settings-sandbox.ts";
import type { SettingChange } from "./types.ts";
import { listed } from "./words.ts";

const text = (value: unknown): string =>
  value === undefined || value === null ? "nothing" : typeof value === "string" ? `\`${value}\`` : canonicalJson(value);

export function compareSettings(before: Policy, after: Policy, nowMs: number): SettingChange[] {
  return [
    ...compareMode(before, after, nowMs),
    ...compareFilesystem(before, after),
    ...compareConfinement(before, after),
    ...compareSandbox(before, after),
    ...compareCredentials(before, after),
    ...compareMiddlewares(before, after),
    ...compareInference(before, after),
    ...compareEntries(before, after),
    ...compareDocumentation(before, after),
  ];
}

const untilMs = ({ mode, monitor_until }: Policy): number =>
  mode !== "monitor"
    ? Number.NEGATIVE_INFINITY
    : monitor_until === undefined
      ? Number.POSITIVE_INFINITY
      : Date.parse(monitor_until);

function compareMode(before: Policy, after: Policy, nowMs: number): SettingChange[] {
  if (before.mode === after.mode && same(before.monitor_until, after.monitor_until)) return [];
  const [a, b] = [untilMs(before), untilMs(after)].map((ms) => (ms > nowMs ? ms : Number.NEGATIVE_INFINITY));
  if (a === undefined || b === undefined) return [];
  const words =
    b === Number.NEGATIVE_INFINITY
      ? "every denial is enforced"
      : b === Number.POSITIVE_INFINITY
        ? "denials are only recorded, without end"
        : `denials are only recorded until ${after.monitor_until}`;
  const field = before.mode === after.mode ? "monitor_until" : "mode";
  const widens = b > a;
  return [
    setting({
      field,
      effect: widens ? "widens" : b < a ? "narrows" : "changes",
      before: field === "mode" ? before.mode : before.monitor_until,
      after: field === "mode" ? after.mode : after.monitor_until,
      grade: !widens ? (b < a ? "low" : "none") : b === Number.POSITIVE_INFINITY ? "critical" : "high",
      reason: widens
        ? "In monitor mode whatever the rules deny passes, the host's own protection aside."
        : b < a
          ? "What was only recorded is now denied; an agent may see denials."
          : "Nothing is enforced differently.",
      sentence: `From now on ${words}.`,
    }),
  ];
}

function compareConfinement(before: Policy, after: Policy): SettingChange[] {
  const changes: SettingChange[] = [];
  const [a, b] = [before.landlock?.compatibility ?? "best_effort", after.landlock?.compatibility ?? "best_effort"];
  if (a !== b)
    changes.push(
      setting({
        field: "landlock.compatibility",
        effect: b === "best_effort" ? "widens" : "narrows",
        before: a,
        after: b,
        grade: b === "best_effort" ? "high" : "low",
        reason:
          b === "best_effort"
            ? "On a kernel without Landlock the sandbox now starts with that layer missing."
            : "On a kernel without Landlock the sandbox no longer starts.",
        sentence: `Landlock goes from \`${a}\` to \`${b}\`.`,
      }),
    );
  for (const key of ["run_as_user", "run_as_group"] as const) {
    const [own, next] = [before.process?.[key] ?? "sandbox", after.process?.[key] ?? "sandbox"];
    if (own === next) continue;
    changes.push(
      setting({
        field: `process.${key}`,
        effect: "changes",
        before: own,
        after: next,
        grade: next === "sandbox" ? "low" : "medium",
        reason: "Files of another user or group come into reach, and the own ones may go out of it.",
        sentence: `The agent's ${key === "run_as_user" ? "user" : "group"} goes from \`${own}\` to \`${next}\`.`,
      }),
    );
  }
  return changes;
}

function compareCredentials(before: Policy, after: Policy): SettingChange[] {
  const targetsOf = ({ credentials }: Policy) =>
    new Map(
      Object.entries(credentials).flatMap(([name, { endpoints }]) =>
        endpoints.flatMap(({ host, ports, path }) =>
          ports.map(
            (port) =>
              [
                `${name}\u0000${host}:${port}${path ?? ""}`,
                { name, target: `${host}:${port}${path ?? ""}`, host },
              ] as const,
          ),
        ),
      ),
    );
  const [a, b] = [targetsOf(before), targetsOf(after)];
  const gained = [...b].filter(([key]) => !a.has(key)).map(([, target]) => target);
  const lost = [...a].filter(([key]) => !b.has(key)).map(([, target]) => target);
  return [
    ...gained.map(({ name, target }) =>
      setting({
        field: `credentials.${name}`,
        effect: "widens",
        before: null,
        after: target,
        grade: "critical",
        reason: "A secret may be sent where it could not be sent before.",
        sentence: `The secret \`${name}\` may newly go to ${target}.`,
      }),
    ),
    ...lost.map(({ name, target }) =>
      setting({
        field: `credentials.${name}`,
        effect: "narrows",
        before: target,
        after: null,
        grade: "low",
        reason: "Requests that relied on the secret will go without it.",
        sentence: `The secret \`${name}\` may no longer go to ${target}.`,
      }),
    ),
  ];
}

/** Routes, budgets and limits; who may ask which model is a set of requests. */
function compareInference(before: Policy, after: Policy): SettingChange[] {
  const changes: SettingChange[] = [];
  for (const key of ["routes", "budgets", "limits"] as const) {
    const [own, next] = [before.inference?.[key], after.inference?.[key]];
    if (same(own, next)) continue;
    const effect = next === undefined ? "widens" : own === undefined ? "narrows" : "changes";
    changes.push(
      setting({
        field: `inference.${key}`,
        effect,
        before: own,
        after: next,
        grade: effect === "narrows" ? "low" : key === "routes" ? "high" : "medium",
        reason:
          key === "routes"
            ? "Prompts of some sensitivity may go to other models than before."
            : "What may be spent, or how often a model may be asked, changes.",
        sentence: `\`inference.${key}\` goes from ${text(own)} to ${text(next)}.`,
      }),
    );
  }
  return changes;
}

function compareDocumentation(before: Policy, after: Policy): SettingChange[] {
  const changes: SettingChange[] = [];
  const names = (policy: Policy) => policy.tests.map((test) => canonicalJson(test));
  const [a, b] = [new Set(names(before)), new Set(names(after))];
  const removed = before.tests.filter((test) => !b.has(canonicalJson(test)));
  const added = after.tests.filter((test) => !a.has(canonicalJson(test)));
  const label = ({ name, request, expect }: Policy["tests"][number]) => `"${name ?? `${request.host} ${expect}`}"`;
  if (removed.length > 0)
    changes.push(
      setting({
        field: "tests",
        effect: "widens",
        before: removed,
        after: null,
        grade: "medium",
        reason: "What these tests guaranteed is no longer checked.",
        sentence: `${removed.length === 1 ? "The test" : "The tests"} ${listed(removed.map(label))} ${removed.length === 1 ? "is" : "are"} gone.`,
      }),
    );
  if (added.length > 0)
    changes.push(
      setting({
        field: "tests",
        effect: "narrows",
        before: null,
        after: added,
        grade: "none",
        reason: "More is checked.",
        sentence: `${added.length === 1 ? "The test" : "The tests"} ${listed(added.map(label))} ${added.length === 1 ? "is" : "are"} added.`,
      }),
    );
  if (!same(before.preset, after.preset))
    changes.push(
      setting({
        field: "preset",
        effect: "changes",
        before: before.preset,
        after: after.preset,
        grade: "none",
        reason: "It says what the file is, not what it allows.",
        sentence: `The preset goes from ${text(before.preset?.name)} to ${text(after.preset?.name)}.`,
      }),
    );
  return changes;
}
