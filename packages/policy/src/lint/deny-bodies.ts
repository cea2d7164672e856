/** Deny rules over bodies that another spelling slips past. */
import { compileGlob, hasWildcard } from "../glob.ts";
import type { Clause } from "../model.ts";
import { fieldOf, type Lint } from "./context.ts";
import type { Ref } from "./endpoints.ts";
import { sampleOf, sampleRequest } from "./samples.ts";

const POST = { method: "POST", path: "/" };

export function lintBodyDenies(lint: Lint, ref: Ref): void {
  for (const [index, clause] of (ref.endpoint.deny_rules ?? []).entries()) {
    if (lint.full) return;
    const field = `${fieldOf(ref)}.deny_rules[${index}]`;
    if (ref.endpoint.protocol === "mcp") {
      lintTool(lint, ref, clause, field);
      lintArguments(lint, ref, clause, field);
    }
    if (ref.endpoint.protocol === "graphql") lintOperationName(lint, ref, clause, field);
  }
}

/** A server may offer `delete_repos` and `delete-repo` beside `delete_repo`. */
function lintTool(lint: Lint, ref: Ref, clause: Clause, field: string): void {
  const tool = clause.tool ?? clause.params?.name;
  const globs =
    typeof tool === "string" ? [tool] : tool !== undefined && Array.isArray(tool.any) ? tool.any.map(String) : [];
  for (const glob of globs) {
    const name = sampleOf(glob, "");
    if (name === null || clause.params?.arguments !== undefined) continue;
    const variant = variantsOf(name, hasWildcard(glob)).find(
      (one) => !compileGlob(glob, { separator: "", ignoreCase: true })(one) && lint.allowed(toolCall(ref, one)),
    );
    if (variant === undefined) continue;
    lint.warn(
      "deny_tool_variant",
      `${field}${clause.tool === undefined ? ".params.name" : ".tool"}`,
      `The deny names \`${glob}\`; a call of \`${variant}\` is allowed.`,
      `Allow the tools that are meant by name, or deny \`${wider(glob)}\`.`,
    );
    return;
  }
}

/** Values are matched as they are written; a server that opens files reads other spellings of a path as the same file. */
function lintArguments(lint: Lint, ref: Ref, clause: Clause, field: string): void {
  const tool = clause.tool ?? clause.params?.name;
  const [glob = "x"] = typeof tool === "string" ? [tool] : Array.isArray(tool?.any) ? tool.any.map(String) : [];
  const name = sampleOf(glob, "") ?? "x";
  for (const [argument, value] of Object.entries(clause.params?.arguments ?? {})) {
    if (typeof value !== "string" || !value.startsWith("/")) continue;
    const path = sampleOf(value, "");
    if (path === null || path === "/") continue;
    const other = [`/${path}`, `/.${path}`, `file://${path}`].find((spelled) =>
      lint.allowed(toolCall(ref, name, { [argument]: spelled })),
    );
    if (other === undefined) continue;
    lint.warn(
      "deny_argument_spelling",
      `${field}.params.arguments`,
      `Values are matched as they are written: \`${argument}\` as ${other} is allowed although the deny names ${value}.`,
      "Allow the values that are meant instead of denying some.",
    );
    return;
  }
}

function variantsOf(name: string, glob: boolean): string[] {
  const spelled = ["-", ".", "_", ""]
    .map((separator) => name.replace(/[-_.]/g, separator))
    .filter((one) => one !== name);
  return glob ? spelled : [...spelled, `${name}s`, `${name}_all`];
}

const wider = (glob: string): string => `${glob.split(/[-_.*]/)[0] ?? glob}*`;

const toolCall = (ref: Ref, name: string, values: Record<string, string> = {}) =>
  sampleRequest(ref, {
    ...POST,
    path: (ref.endpoint.path === undefined ? null : sampleOf(ref.endpoint.path, "/")) ?? "/",
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: values } }),
  });

/** Whoever sends a GraphQL operation also names it. */
function lintOperationName(lint: Lint, ref: Ref, clause: Clause, field: string): void {
  if (clause.operation_name === undefined || clause.fields !== undefined) return;
  const type =
    clause.operation_type === undefined || clause.operation_type === "*" ? "mutation" : clause.operation_type;
  const request = sampleRequest(ref, {
    ...POST,
    path: (ref.endpoint.path === undefined ? null : sampleOf(ref.endpoint.path, "/")) ?? "/",
    body: JSON.stringify({ query: `${type} Renamed { anything }` }),
  });
  if (!lint.allowed(request)) return;
  lint.warn(
    "deny_operation_name",
    `${field}.operation_name`,
    `The caller chooses an operation's name: the same ${type} named \`Renamed\` is allowed.`,
    "Deny by `fields`, which name what the operation does.",
  );
}
