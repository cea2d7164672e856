import {
  describeCaller,
  describeTextSet,
  isGraver,
  type PolicyDiff,
  type PolicyRequest,
  type RequestChange,
  type Risk,
  type RiskGrade,
  type SettingChange,
  type TextSet,
} from "@creel/policy";
import { type Paint, printable } from "../../io.ts";
import { requestText } from "./explanation.ts";
import { counted } from "./table.ts";

const GRADE_STYLES = { none: "dim", low: "cyan", medium: "yellow", high: "red", critical: "red" } as const;
const LABEL_CHARS = 8;
/** An example may carry a body; `--json` has it whole. */
const EXTRAS_CHARS_MAX = 200;

/** What becomes allowed, what becomes denied, which settings change; the gravest first in each. */
export function diffView(diff: PolicyDiff, paint: Paint): string[] {
  const allowed = gravestFirst(diff.requests.filter((change) => change.effect === "allow"));
  const denied = gravestFirst(diff.requests.filter((change) => change.effect === "deny"));
  const settings = gravestFirst(diff.settings);
  const lines = [
    ...section("Newly allowed", allowed, (change) => requestLines(change, paint), paint),
    ...section("Newly denied", denied, (change) => requestLines(change, paint), paint),
    ...section("Settings", settings, (change) => settingLines(change, paint), paint),
  ];
  if (allowed.length + denied.length + settings.length === 0)
    return ["Nothing changes: every request is decided as before, and every setting is the same."];
  if (!diff.exact)
    lines.push(
      paint("yellow", "A bound of the comparison was reached: more is claimed here than changed, never less."),
    );
  const counts = `${allowed.length} newly allowed, ${denied.length} newly denied, ${counted(settings.length, "setting")}`;
  lines.push(`${counts}; gravest: ${gradeText(diff.risk, paint)}`);
  return lines;
}

const gravestFirst = <T extends { risk: Risk }>(changes: readonly T[]): T[] =>
  [...changes].sort(
    (a, b) => Number(isGraver(b.risk.grade, a.risk.grade)) - Number(isGraver(a.risk.grade, b.risk.grade)),
  );

function section<T extends { risk: Risk; sentence: string }>(
  title: string,
  changes: readonly T[],
  detail: (change: T) => string[],
  paint: Paint,
): string[] {
  if (changes.length === 0) return [];
  const lines = [paint("bold", `${title} (${changes.length})`)];
  for (const change of changes) {
    lines.push(`  ${gradeText(change.risk.grade, paint)}  ${printable(change.sentence)}`);
    for (const text of detail(change)) lines.push(`    ${text}`);
    for (const reason of change.risk.reasons) lines.push(`    ${label("risk", paint)}${printable(reason)}`);
    lines.push("");
  }
  return lines;
}

const gradeText = (grade: RiskGrade, paint: Paint): string =>
  grade === "critical" ? paint("bold", paint("red", grade)) : paint(GRADE_STYLES[grade], grade);

const label = (name: string, paint: Paint): string => paint("dim", name.padEnd(LABEL_CHARS));

function requestLines(change: RequestChange, paint: Paint): string[] {
  const rows: [string, string][] = [
    ["who", change.callers.map(describeCaller).join("; ")],
    ["where", `${setsText(change.hosts)}, port ${change.ports.join(", ")}, ${change.protocol}`],
  ];
  if (change.methods !== null) {
    const except = change.methodsExcept.length === 0 ? "" : ` except ${change.methodsExcept.join(", ")}`;
    rows.push(["methods", `${change.methods.join(", ")}${except}`]);
  }
  if (change.paths !== null) rows.push(["paths", setsText(change.paths)]);
  if (change.tools !== null) rows.push(["names", setsText(change.tools)]);
  for (const condition of change.conditions) rows.push(["only", condition]);
  rows.push(["rule", `${change.ruleBefore ?? "none"} → ${change.ruleAfter ?? "none"}`]);
  rows.push(["example", exampleText(change.example)]);
  return rows.map(([name, text]) => `${label(name, paint)}${printable(text)}`);
}

/** What the line of a request leaves out and the example may turn on: headers, body, address, digest, parents. */
function exampleText(example: PolicyRequest): string {
  const { binary, host, port, method, path, headers, ...rest } = example;
  const more = { ...(Object.keys(headers ?? {}).length === 0 ? {} : { headers }), ...rest };
  const text = JSON.stringify(more);
  const shown = text.length <= EXTRAS_CHARS_MAX ? text : `${text.slice(0, EXTRAS_CHARS_MAX)}…`;
  const request = requestText({ binary, host, port, method, path });
  return Object.values(more).some((value) => value !== undefined) ? `${request} with ${shown}` : request;
}

const setsText = (sets: readonly TextSet[]): string =>
  sets.map((set) => (set.match === "" ? "any host" : describeTextSet(set))).join("; ");

function settingLines(change: SettingChange, paint: Paint): string[] {
  const value = (of: unknown): string => printable(of === undefined ? "(not set)" : JSON.stringify(of));
  return [
    `${label("field", paint)}${printable(change.field)} ${paint("dim", change.effect)}`,
    `${label("before", paint)}${paint("red", value(change.before))}`,
    `${label("after", paint)}${paint("green", value(change.after))}`,
  ];
}
