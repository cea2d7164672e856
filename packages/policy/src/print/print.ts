import type { Policy } from "../model.ts";
import { policyFile } from "../schema/fields.ts";
import { fileShape } from "./file-shape.ts";
import { blockLines } from "./layout.ts";

/**
 * The policy as a file: fields in the order of the reference, defaults left out. `parsePolicy` reads the same policy back, so the
 * digest is the same too. Comments are no part of a policy; `formatPolicy` keeps those of a text.
 */
export function printPolicy(policy: Policy): string {
  const blocks = Object.entries(fileShape(policy)).length === 0 ? [] : blockLines(fileShape(policy), policyFile);
  return `${withBlankLines(blocks).join("\n")}\n`;
}

/** Sections that span lines stand apart. */
function withBlankLines(lines: readonly string[]): string[] {
  const spaced: string[] = [];
  for (const [i, line] of lines.entries()) {
    const opens = line !== "" && !/^[ -]/.test(line) && (lines[i + 1] ?? "").startsWith(" ");
    const follows = i > 0 && !/^[ -]/.test(line) && (lines[i - 1] ?? "").startsWith(" ");
    if (i > 0 && (opens || follows)) spaced.push("");
    spaced.push(line);
  }
  return spaced;
}
