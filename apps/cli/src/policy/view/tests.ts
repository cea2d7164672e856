import type { PolicyTestResult } from "@creel/policy";
import { type Paint, printable } from "../../io.ts";
import { excerpt, linesOf } from "./excerpt.ts";
import { counted } from "./table.ts";

export interface FileTests {
  file: string;
  passed: number;
  failed: number;
  results: PolicyTestResult[];
}

/** Each test with its mark; a failed one with what was expected, what it got and where it stands. */
export function testResultsView({ file, passed, failed, results }: FileTests, yaml: string, paint: Paint): string[] {
  const mark = failed === 0 ? paint("green", "✓") : paint("red", "✗");
  if (results.length === 0) return [`${paint("yellow", "–")} ${file}: no tests; add some under \`tests:\``];
  const lines = linesOf(yaml);
  return [
    ...results.flatMap((result) => testView(file, lines, result, paint)),
    `${mark} ${file}: ${counted(passed, "test")} passed, ${failed} failed`,
  ];
}

function testView(file: string, lines: readonly string[], result: PolicyTestResult, paint: Paint): string[] {
  const { index, name, passed, expected, got, place } = result;
  const title = `${index + 1} ${printable(name ?? "(no name)")}`;
  if (passed) return [`  ${paint("green", "✓")} ${title}`];
  return [
    `  ${paint("red", "✗")} ${title}  ${paint("dim", `${file}:${place.line}:${place.column}`)}`,
    `      expected ${paint("green", judged(expected.decision, expected.rule))}`,
    `      got      ${paint("red", judged(got.decision, got.rule))}: ${printable(got.reason)}`,
    ...excerpt(lines, place, paint).map((text) => `    ${text}`),
  ];
}

const judged = (decision: string, rule: string | null): string =>
  printable(rule === null ? decision : `${decision} by \`${rule}\``);
