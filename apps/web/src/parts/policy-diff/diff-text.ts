import {
  type CallerSet,
  type PolicyDiff,
  type PolicyRequest,
  type RequestChange,
  type RiskGrade,
  riskGrades,
  type TextSet,
} from "@creel/policy/browser";

/** A line or two of a value; the line diff shows the rest. */
const VALUE_CHARS_MAX = 300;

/** The gravest first; the order of the diff among equals. */
export const gravestFirst = <T extends { risk: { grade: RiskGrade } }>(changes: readonly T[]): T[] =>
  [...changes].sort((a, b) => riskGrades.indexOf(b.risk.grade) - riskGrades.indexOf(a.risk.grade));

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** How much changes, in one line. */
export const summaryOf = (diff: PolicyDiff): { allowed: string; denied: string; settings: string } => {
  const allowed = diff.requests.filter((change) => change.effect === "allow").length;
  return {
    allowed: `${allowed} newly allowed`,
    denied: `${diff.requests.length - allowed} newly denied`,
    settings: counted(diff.settings.length, "setting", "settings"),
  };
};

/** A set of texts in words and patterns: patterns stand in backticks. */
export function textSetWords(set: TextSet): string {
  const also = set.also?.length ? ` that also match ${quoted(set.also)}` : "";
  const except = set.except.length === 0 ? "" : ` except ${quoted(set.except)}`;
  const loose = set.loose?.match ? " in any case" : "";
  return `\`${set.match}\`${loose}${also}${except}`;
}

const quoted = (patterns: readonly string[]): string => patterns.map((pattern) => `\`${pattern}\``).join(", ");

export function callerWords(caller: CallerSet): string {
  const parts = [textSetWords(caller)];
  if (caller.sha256 !== null) parts.push(`with the digest \`${caller.sha256.slice(0, 12)}…\``);
  if (caller.script !== null) parts.push(`running ${textSetWords(caller.script)}`);
  if (caller.ancestor !== null) parts.push(`started by ${textSetWords(caller.ancestor)}`);
  const unless = caller.unless;
  if (unless !== undefined && unless.sha256.length > 0)
    parts.push(`unless its digest is ${quoted(unless.sha256.map((digest) => `${digest.slice(0, 12)}…`))}`);
  if (unless !== undefined && unless.script.length > 0) parts.push(`unless it runs ${quoted(unless.script)}`);
  if (unless !== undefined && unless.ancestor.length > 0)
    parts.push(`unless it was started by ${quoted(unless.ancestor)}`);
  return parts.join(", ");
}

export function methodWords(change: Pick<RequestChange, "methods" | "methodsExcept">): string {
  if (change.methods === null) return "the connection as a whole";
  const except = change.methodsExcept.length === 0 ? "" : ` except ${quoted(change.methodsExcept)}`;
  const methods = change.methods.includes("*") ? "any method" : quoted(change.methods);
  return `${methods}${except}`;
}

/** A request the way people write it: `curl: POST https://host/path`. */
export function requestWords(request: PolicyRequest): string {
  const program = request.binary.slice(request.binary.lastIndexOf("/") + 1);
  if (request.method === undefined) return `${program}: ${request.host}:${request.port}`;
  const where = request.port === 443 ? request.host : `${request.host}:${request.port}`;
  return `${program}: ${request.method} ${where}${request.path ?? ""}`;
}

export const ruleWords = (rule: string | null): string => (rule === null ? "no entry" : `\`${rule}\``);

/** A value of a file as its reader knows it; long ones end in an ellipsis. */
export function valueWords(value: unknown): string {
  if (value === undefined || value === null) return "not set";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX)}…` : text;
}
