import type { JsonObject } from "../types.ts";
import { list, object, text } from "../wire/json.ts";

/** How a protocol wants a tool called. `local_shell` is OpenAI's built-in, which carries argv in an action of its own. */
export type ToolKind = "function" | "custom" | "local_shell";

export interface OfferedTool {
  kind: ToolKind;
  name: string;
  schema: JsonObject;
}

export interface ToolCall {
  kind: ToolKind;
  name: string;
  /** JSON text for a function, the raw input for a custom tool, JSON of the argv for `local_shell`. */
  input: string;
}

/** Names under which agents offer a shell, best known first; compared without regard to case. */
const SHELL_NAMES = [
  "bash",
  "shell",
  "shell_command",
  "exec_command",
  "local_shell",
  "run_shell_command",
  "execute_command",
  "run_command",
  "run_commands",
  "run_terminal_cmd",
  "terminal",
  "exec",
];
const COMMAND_FIELDS = ["command", "cmd", "script", "commands"];

/** Some shells hand a command that is still running back after a while; the script has nothing to do but wait for it. */
const WAIT_FIELD = "yield_time_ms";
const WAIT_MS = 30_000;

export function pickShellTool(tools: readonly OfferedTool[]): OfferedTool | null {
  for (const name of SHELL_NAMES) {
    const tool = tools.find((candidate) => candidate.name.toLowerCase() === name && takesCommand(candidate));
    if (tool) return tool;
  }
  return null;
}

const properties = (tool: OfferedTool): JsonObject => object(tool.schema.properties);
const commandField = (tool: OfferedTool): string | undefined =>
  COMMAND_FIELDS.find((field) => field in properties(tool));
const takesCommand = (tool: OfferedTool): boolean => tool.kind !== "function" || commandField(tool) !== undefined;

const argv = (command: string): string[] => ["bash", "-lc", command];

/** The call that makes `tool` run `command`, by the schema the agent sent: a string, or an argv array. */
export function shellCall(tool: OfferedTool, command: string): ToolCall {
  const { kind, name } = tool;
  if (kind === "custom") return { kind, name, input: command };
  if (kind === "local_shell") return { kind, name, input: JSON.stringify(argv(command)) };
  const field = commandField(tool) ?? "command";
  const fields = properties(tool);
  // A list of commands is not the words of one.
  const words = field === "commands" ? [command] : argv(command);
  const value = types(fields[field]).includes("array") ? words : command;
  const required = list(tool.schema.required).filter((key) => typeof key === "string" && key !== field);
  const rest = required.map((key) => [key, filler(object(fields[text(key)]), command)]);
  const patience = WAIT_FIELD in fields ? { [WAIT_FIELD]: WAIT_MS } : {};
  return { kind, name, input: JSON.stringify({ [field]: value, ...Object.fromEntries(rest), ...patience }) };
}

const types = (schema: unknown): readonly unknown[] => {
  const type = object(schema).type;
  // Gemini's own schemas write types in capitals.
  return (Array.isArray(type) ? type : [type]).map((name) => (typeof name === "string" ? name.toLowerCase() : name));
};

/** The plainest value a required field accepts. */
function filler(schema: JsonObject, command: string): unknown {
  const choices = list(schema.enum);
  if (choices.length > 0) return choices[0];
  const allowed = types(schema);
  if (allowed.includes("null")) return null;
  if (allowed.includes("boolean")) return false;
  if (allowed.includes("number") || allowed.includes("integer")) return schema.default ?? schema.minimum ?? 0;
  if (allowed.includes("array")) return [];
  if (allowed.includes("object")) return {};
  return `Run: ${command}`;
}
