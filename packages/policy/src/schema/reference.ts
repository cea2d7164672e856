/** The reference of every field as Markdown, generated from the fields; `docs/policy/reference.md` is its output. */

import { CLAUSE_FIELDS } from "../check/clause.ts";
import { STRING_CHARS_MAX } from "../limits.ts";
import type { LintCode } from "../lint/codes.ts";
import { clause, namedShapes, policyFile } from "./fields.ts";
import type { Field, Spec } from "./spec.ts";
import { type FlatField, flatFields, type ShapeUse, shapeUses } from "./walk.ts";

const INTRO = `# Policy reference

Every field of a policy file, generated from \`packages/policy/src/schema/fields.ts\` by \`npm run docs\`; a test holds it.
What patterns and decisions mean: [meaning.md](meaning.md). Files for common tasks: [cookbook.md](cookbook.md).

A field that is not listed is an error, and so is a value that is not listed. All errors are reported at once, each with line, column and
remedy. \`from\` says whose schema a field comes from: OpenShell's version 1, or Creel's own. Everything takes effect at the next reload,
except what is fixed when a sandbox is created.
`;

/** The whole page. */
export function policyReference(codes: readonly LintCode[] = []): string {
  const uses = shapeUses();
  const sections = namedShapes.map(({ title, spec }) => section(title, spec, uses.get(spec)));
  const parts = [INTRO, "## The file\n", fieldTable(flatFields(policyFile)), ...sections];
  if (codes.length > 0) parts.push(codeTable(codes));
  return `${parts.join("\n").trimEnd()}\n`;
}

function section(title: string, spec: Spec, use: ShapeUse | undefined): string {
  const where = (use?.paths ?? []).map((path) => `\`${path}\``).join(", ");
  const fixed = use?.fixed === true ? " Fixed when the sandbox is created." : "";
  const after = spec === clause ? `\n${protocolTable()}` : "";
  return `## ${heading(title)}\n\nAt ${where}.${fixed}\n\n${fieldTable(flatFields(spec, "", use?.own))}${after}`;
}

const heading = (title: string): string =>
  /_|^[a-z]/.test(title) ? title.replace(/[a-z]+(_[a-z]+)+|^[a-z]+$/, "`$&`") : title;

function fieldTable(fields: readonly FlatField[]): string {
  const rows = fields.map(({ name, field, own }) => {
    const meaning = `${field.doc}${field.fixed === true ? " Fixed when the sandbox is created." : ""}`;
    return row([`\`${name}\``, typeOf(field.spec), defaultOf(field), meaning, own ? "Creel" : "OpenShell"]);
  });
  return [row(["field", "type", "left out", "meaning", "from"]), "|---|---|---|---|---|", ...rows, ""].join("\n");
}

/** Rules under the wrong protocol are errors, because nothing would look at them. */
function protocolTable(): string {
  const protocols = Object.entries(CLAUSE_FIELDS);
  const rows = flatFields(clause).map(({ name }) =>
    row([`\`${name}\``, ...protocols.map(([, fields]) => (fields.some((field) => field === name) ? "yes" : ""))]),
  );
  return [
    "Which of them have a meaning under which protocol; any other is an error. Under tcp, and without `protocol`, there are no rules.",
    "",
    row(["field", ...protocols.map(([protocol]) => protocol)]),
    `|${"---|".repeat(protocols.length + 1)}`,
    ...rows,
    "",
  ].join("\n");
}

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

function defaultOf(field: Field): string {
  if (field.required === true) return "**required**";
  if (field.default === undefined) return "";
  return isLiteral(field) ? `\`${field.default}\`` : field.default;
}

const isLiteral = ({ spec }: Field): boolean => (spec.kind !== "text" && spec.kind !== "list" ? !isWords(spec) : false);
/** `protocol` and `tls` are choices whose default is none of them. */
const isWords = (spec: Spec): boolean =>
  spec.kind === "choice" && (spec.of.includes("tcp") || spec.of.includes("skip"));

function typeOf(spec: Spec): string {
  const shape = namedShapes.find((named) => named.spec === spec);
  if (shape !== undefined) return `[${linkText(shape.title)}](#${anchor(shape.title)})`;
  switch (spec.kind) {
    case "object":
      return "map of the fields below";
    case "map":
      return `map of ${ofWhat(spec.of)}; at most ${count(spec.max)}`;
    case "list":
      return `list of ${ofWhat(spec.of)}; ${spec.min === undefined || spec.min === 0 ? "" : `at least ${spec.min}, `}at most ${count(spec.max)}`;
    case "text":
      return `text, at most ${count(spec.max ?? STRING_CHARS_MAX)} characters`;
    case "integer":
      return spec.max >= Number.MAX_SAFE_INTEGER
        ? `whole number from ${count(spec.min)}`
        : `whole number, ${count(spec.min)} to ${count(spec.max)}`;
    case "number":
      return `number from ${spec.min}`;
    case "boolean":
      return "`true` or `false`";
    case "choice":
      return spec.of.map((option) => `\`${option}\``).join(", ");
    case "matcher":
      return spec.nested ? "glob, `{any: [globs]}`, or a map of these" : "glob, or `{any: [globs]}`";
    case "identity":
      return "`sandbox` or a number";
    case "any":
      return "anything";
  }
}

/** Inside a list the bounds of the items would hide the bound of the list. */
function ofWhat(spec: Spec): string {
  if (spec.kind === "text") return "texts";
  if (spec.kind === "integer") return `whole numbers, ${count(spec.min)} to ${count(spec.max)}`;
  if (spec.kind === "matcher") return spec.nested ? typeOf(spec) : "globs, or of `{any: [globs]}`";
  return spec.kind === "object" && !namedShapes.some((named) => named.spec === spec)
    ? "the fields below"
    : typeOf(spec);
}

const linkText = (title: string): string => `${title.charAt(0).toLowerCase()}${title.slice(1)}`;
/** As the common renderers make it from a heading. */
const anchor = (title: string): string => title.toLowerCase().replaceAll("`", "").replaceAll(" ", "-");
const count = (value: number): string => value.toLocaleString("en");

function codeTable(codes: readonly LintCode[]): string {
  const rows = codes.map(({ code, severity, finds }) => row([`\`${code}\``, severity, finds]));
  return [
    "## What `creel policy lint` says\n",
    "An error keeps the file from being used. A warning does not, unless `--strict` is given.\n",
    row(["code", "severity", "what it finds"]),
    "|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}
