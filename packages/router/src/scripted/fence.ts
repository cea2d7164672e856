import { SCRIPT_COMMANDS_MAX } from "../limits.ts";

const OPEN = /^\s*```(?:sh|bash|shell)\s*$/;
const CLOSE = /^\s*```\s*$/;

/**
 * The shell commands of the fenced `sh` blocks in a text, in order; empty when it has none. A block with a blank line in it
 * lists one command per paragraph, so that a command may span lines; any other block lists one per line.
 */
export function fencedCommands(text: string): string[] {
  const commands: string[] = [];
  let block: string[] | null = null;
  for (const line of text.split(/\r?\n/)) {
    if (block === null) {
      if (OPEN.test(line)) block = [];
    } else if (CLOSE.test(line)) {
      commands.push(...blockCommands(block));
      block = null;
    } else block.push(line);
  }
  return commands.slice(0, SCRIPT_COMMANDS_MAX);
}

function blockCommands(lines: readonly string[]): string[] {
  const trimmed = lines.join("\n").trim();
  if (/\n\s*\n/.test(trimmed)) return trimmed.split(/\n\s*\n/).filter((paragraph) => paragraph.trim() !== "");
  const joined = trimmed.replaceAll(/\\\n\s*/g, " ");
  return joined.split("\n").filter((line) => line.trim() !== "" && !line.trimStart().startsWith("#"));
}
