import { createHash } from "node:crypto";
import { SUMMARY_LINE_CHARS_MAX } from "../limits.ts";
import { fencedCommands } from "./fence.ts";
import type { Conversation } from "./said.ts";
import { pickShellTool, shellCall, type ToolCall } from "./tools.ts";

export const SCRIPTED_MODEL_NAME = "creel-scripted-demo";

/** One answer: some text, and the tool call it ends with, if any. */
export interface Turn {
  text: string;
  call: (ToolCall & { id: string }) | null;
}

/**
 * The next turn of the script. The commands are those of the newest user text that lists any; how many results came since
 * says which is next. Only user text is read for commands: what a tool printed never becomes one.
 */
export function nextTurn({ items, tools }: Conversation): Turn {
  const script = items.findLastIndex((item) => item.kind === "user" && fencedCommands(item.text).length > 0);
  if (script < 0) return say(introduction(tools.length > 0));
  const prompt = items[script]?.text ?? "";
  const commands = fencedCommands(prompt);
  const results = items.slice(script + 1).filter((item) => item.kind === "result");
  const command = commands[results.length];
  if (command === undefined) return say(summary(commands, results));
  if (tools.length === 0) return say(`${commands.length} shell commands, to be run by a scripted model`);
  const tool = pickShellTool(tools);
  if (!tool) return say(`No shell tool among those offered: ${tools.map(({ name }) => name).join(", ")}.`);
  const call = shellCall(tool, command);
  const id = shortHash(`${results.length}\n${call.name}\n${call.input}\n${prompt}`);
  return { text: `Step ${results.length + 1} of ${commands.length}.`, call: { ...call, id } };
}

const say = (text: string): Turn => ({ text, call: null });

/** Stable for the same input, so that a run can be repeated byte for byte; unique within one conversation. */
export const shortHash = (text: string | Buffer): string =>
  createHash("sha256").update(text).digest("hex").slice(0, 24);

const introduction = (hasTools: boolean): string =>
  `I am ${SCRIPTED_MODEL_NAME}: a scripted demo model, not a language model. I run the shell commands that a prompt lists ` +
  `in a fenced sh block, one at a time${hasTools ? "" : ", when the agent offers a shell tool"}.`;

function summary(commands: readonly string[], results: readonly { text: string }[]): string {
  const lines = commands.map((command, index) => {
    const output = printed(results[index]?.text ?? "");
    return `${index + 1}. ${clip(command)}\n   ${clip(output.trim())}`;
  });
  return [`Done: ${commands.length} of ${commands.length} commands ran.`, ...lines].join("\n");
}

/** Some agents put a report of their own (exit code, wall time) above what the command printed, closed by this word. */
const REPORT_END = /(?:^|\n)Output:[ \n]/;

/** The first line the command printed. */
function printed(result: string): string {
  const end = REPORT_END.exec(result);
  const output = end === null ? result : result.slice(end.index + end[0].length);
  return output.split("\n").find((line) => line.trim() !== "") ?? "(no output)";
}

function clip(text: string): string {
  const flat = text.replaceAll(/\s+/g, " ");
  return flat.length > SUMMARY_LINE_CHARS_MAX ? `${flat.slice(0, SUMMARY_LINE_CHARS_MAX)}…` : flat;
}
