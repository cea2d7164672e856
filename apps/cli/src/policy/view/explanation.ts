import type { ExplainStep, Explanation, PolicyDecision, PolicyRequest } from "@creel/policy";
import { type Paint, printable } from "../../io.ts";
import { excerpt, linesOf } from "./excerpt.ts";
import { textDiff } from "./text-diff.ts";

export interface ExplainedRequest {
  file: string;
  yaml: string;
  request: PolicyRequest;
  explanation: Explanation;
}

const VERDICTS = {
  allow: { style: "green", mark: "✓", words: "allowed" },
  deny: { style: "red", mark: "✗", words: "denied" },
  would_deny: { style: "yellow", mark: "~", words: "would be denied" },
} as const;
const OUTCOMES = {
  holds: { style: "green", mark: "✓" },
  fails: { style: "red", mark: "✗" },
  skipped: { style: "dim", mark: "–" },
} as const;

/** The request, the decision, how it came about, the deciding line, and what would turn it. */
export function explanationView({ file, yaml, request, explanation }: ExplainedRequest, paint: Paint): string[] {
  const { decision, steps, deciding } = explanation;
  const lines = [decisionLine(request, decision, paint), `  ${printable(decision.reason)}`, ""];
  for (const step of steps) lines.push(...stepView(file, step, paint));
  if (deciding !== null) {
    const style = decision.decision === "allow" ? "green" : "red";
    lines.push("", `Decided at ${file}:${deciding.line}:${deciding.column} ${paint("dim", printable(deciding.field))}`);
    lines.push(...excerpt(linesOf(yaml), deciding, paint, { style, linesBefore: 2 }));
  }
  lines.push("", ...turnView(explanation, paint));
  return lines;
}

function decisionLine(request: PolicyRequest, decision: PolicyDecision, paint: Paint): string {
  const { style, mark, words } = VERDICTS[decision.decision];
  const rule = decision.rule === null ? "" : paint("dim", ` [${printable(decision.rule)}]`);
  return `${paint(style, `${mark} ${words}`)}  ${requestText(request)}${rule}`;
}

/** `GET api.example.com:443/v1 by /usr/bin/curl`. */
export function requestText(request: PolicyRequest): string {
  const what = request.method === undefined ? "connection to " : `${request.method} `;
  const who = request.binary === "" ? "a program that nobody vouched for" : request.binary;
  return printable(`${what}${request.host}:${request.port}${request.path ?? ""} by ${who}`);
}

function stepView(file: string, step: ExplainStep, paint: Paint): string[] {
  const { style, mark } = OUTCOMES[step.outcome];
  const place = step.place === null ? "" : paint("dim", `  ${file}:${step.place.line}:${step.place.column}`);
  const detail = printable(step.detail);
  return [`  ${paint(style, mark)} ${printable(step.title)}${place}`, `      ${paint("dim", detail)}`];
}

function turnView({ turn, unturnable }: Explanation, paint: Paint): string[] {
  if (turn === null) return [printable(unturnable ?? "No change of the file was found that turns this.")];
  return [
    `${paint("bold", `Smallest change that would ${turn.to} it:`)} ${printable(turn.sentence)}`,
    ...textDiff(turn.lines, paint),
  ];
}
