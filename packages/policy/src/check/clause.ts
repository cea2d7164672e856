/** What may stand in one allow or deny clause under each protocol. */
import { globProblem, hasWildcard } from "../glob.ts";
import type { Clause, Protocol } from "../model.ts";
import { type CheckContext, fail } from "./context.ts";
import { checkGlob } from "./glob.ts";
import { checkRequestMatcher, globsOf } from "./matcher.ts";

const HTTP_FIELDS = ["method", "path", "query", "request"] as const;
const GRAPHQL_FIELDS = ["operation_type", "operation_name", "fields"] as const;
/** Which fields of a rule have a meaning under which protocol; any other is an error. */
export const CLAUSE_FIELDS: Record<Exclude<Protocol, "tcp">, readonly (keyof Clause)[]> = {
  rest: HTTP_FIELDS,
  websocket: [...HTTP_FIELDS, ...GRAPHQL_FIELDS],
  graphql: GRAPHQL_FIELDS,
  mcp: ["method", "tool", "params"],
  "json-rpc": ["method"],
};
const HTTP_METHOD = /^[A-Z][A-Z0-9_-]{0,31}$/;
const WEBSOCKET_METHODS = ["GET", "WEBSOCKET_TEXT", "*"];

export interface ClauseOptions {
  protocol: Exclude<Protocol, "tcp">;
  /** MCP: rules may leave the method out. */
  allowAllMcp: boolean;
  strictToolNames: boolean;
  /** A deny rule: what only an allowance could mean is refused. */
  deny: boolean;
}

/** Reports what is wrong and returns the clause with its method canonical. */
export function checkClause(ctx: CheckContext, field: string, clause: Clause, options: ClauseOptions): Clause {
  const { protocol } = options;
  for (const key of Object.keys(clause) as (keyof Clause)[])
    if (!CLAUSE_FIELDS[protocol].includes(key))
      fail(
        ctx,
        "field_without_effect",
        `${field}.${key}`,
        `\`${key}\` has no effect under protocol ${protocol}.`,
        `Use ${CLAUSE_FIELDS[protocol].join(", ")}, or another protocol.`,
      );
  checkGlobs(ctx, field, clause);
  if (options.deny && clause.request?.max_body_bytes !== undefined)
    fail(
      ctx,
      "field_without_effect",
      `${field}.request.max_body_bytes`,
      "A deny rule cannot speak of the body's size: a small body would be denied and a large one allowed.",
      "Put `max_body_bytes` on the rule that allows, or on the entry's `request`.",
    );
  if (protocol === "rest" || (protocol === "websocket" && clause.operation_type === undefined))
    return checkHttp(ctx, field, clause, protocol);
  if (protocol === "graphql" || protocol === "websocket") checkGraphql(ctx, field, clause);
  else if (protocol === "mcp") checkMcp(ctx, field, clause, options);
  else checkJsonRpc(ctx, field, clause);
  return clause;
}

function checkHttp(ctx: CheckContext, field: string, clause: Clause, protocol: string): Clause {
  // A field that could not be read, or that stands here misspelt, has its own error already.
  if (clause.method === undefined && !ctx.problems.has(`${field}.method`))
    fail(ctx, "missing", field, "`method` is missing.", 'Add `method: GET`, another method, or `"*"` for any.');
  if (clause.path === undefined && !ctx.problems.has(`${field}.path`))
    fail(ctx, "missing", field, "`path` is missing.", 'Add `path: "/**"` for any path.');
  const method = clause.method?.toUpperCase();
  if (method !== undefined && method !== "*") {
    if (protocol === "websocket" && !WEBSOCKET_METHODS.includes(method))
      fail(
        ctx,
        "bad_method",
        `${field}.method`,
        `\`${method}\` is no method of protocol websocket.`,
        `Write one of: ${WEBSOCKET_METHODS.join(", ")}.`,
      );
    else if (!HTTP_METHOD.test(method))
      fail(
        ctx,
        "bad_method",
        `${field}.method`,
        `\`${method}\` is no HTTP method.`,
        "Write one method such as POST, or `*` for any.",
      );
    else if (method === "CONNECT")
      fail(
        ctx,
        "bad_method",
        `${field}.method`,
        "CONNECT opens a tunnel that nothing inspects; it is always denied.",
        "Remove the rule.",
      );
  }
  if (clause.path !== undefined) checkPathGlob(ctx, `${field}.path`, clause.path);
  if (clause.request !== undefined) checkRequestMatcher(ctx, `${field}.request`, clause.request);
  return method === undefined ? clause : { ...clause, method };
}

/** The path of an endpoint or of a credential. */
export function checkPath(ctx: CheckContext, field: string, path: string): void {
  if (checkGlob(ctx, field, path)) checkPathGlob(ctx, field, path);
}

/** A path glob that could never match a canonical path would be a deny that never denies. */
function checkPathGlob(ctx: CheckContext, field: string, path: string): void {
  if (!path.startsWith("/") && !path.startsWith("*"))
    fail(ctx, "bad_path", field, `"${path}" does not begin with \`/\`, so it matches no request.`, `Write "/${path}".`);
  else if (/(^|\/)(\.|%2e){1,2}(\/|$)/i.test(path))
    fail(
      ctx,
      "bad_path",
      field,
      `"${path}" holds a dot segment; paths are judged after these are resolved, so it matches no request.`,
      "Write the path as it is after resolving `.` and `..`.",
    );
  else if (path.includes("//"))
    fail(
      ctx,
      "bad_path",
      field,
      `"${path}" holds \`//\`; repeated slashes are merged before judging, so it matches no request.`,
      "Write a single `/`.",
    );
  else if (/[#;\s]/.test(path) || /%(?![0-9A-Fa-f]{2})/.test(path))
    fail(
      ctx,
      "bad_path",
      field,
      `"${path}" holds a character that no judged path holds.`,
      "Write the path as it is sent, percent-encoded, without query; `;` and `#` are always refused.",
    );
  else if (/\[[!^]?\]?[^\]]*%/.test(path))
    fail(
      ctx,
      "bad_path",
      field,
      `"${path}" holds an escape in brackets, which would name its three characters one by one.`,
      "Write the character itself, or one rule for each escape.",
    );
  else if (/^[^?]*\?[A-Za-z_]+=/.test(path))
    fail(ctx, "bad_path", field, `"${path}" holds a query.`, "Move it to `query:`.");
}

function checkGlobs(ctx: CheckContext, field: string, clause: Clause): void {
  const check = (at: string, glob: string | undefined) => checkGlob(ctx, at, glob);
  check(`${field}.path`, clause.path);
  check(`${field}.operation_name`, clause.operation_name);
  clause.fields?.forEach((glob, i) => {
    check(`${field}.fields[${i}]`, glob);
  });
  for (const [key, matcher] of Object.entries(clause.query ?? {}))
    for (const glob of globsOf(matcher)) check(`${field}.query.${key}`, glob);
  if (clause.tool !== undefined) for (const glob of globsOf(clause.tool)) check(`${field}.tool`, glob);
  for (const [key, matcher] of Object.entries(clause.params ?? {}))
    for (const glob of globsOf(matcher)) check(`${field}.params.${key}`, glob);
}

function checkGraphql(ctx: CheckContext, field: string, clause: Clause): void {
  if (clause.operation_type === undefined && !ctx.problems.has(`${field}.operation_type`))
    fail(
      ctx,
      "missing",
      field,
      "`operation_type` is missing.",
      'Add `operation_type: query`, mutation, subscription or `"*"`.',
    );
  for (const key of HTTP_FIELDS)
    if (clause[key] !== undefined && clause.operation_type !== undefined)
      fail(
        ctx,
        "mixed_rule",
        `${field}.${key}`,
        `\`${key}\` cannot stand beside \`operation_type\`.`,
        "Write two rules.",
      );
}

/** Methods of calls are compared as patterns. True when this one is none. */
function checkMethodGlob(ctx: CheckContext, field: string, method: string | undefined): boolean {
  const problem = method === undefined ? null : globProblem(method);
  if (problem !== null)
    fail(ctx, "bad_method", `${field}.method`, `\`${method}\`: ${problem}`, "Name one method, such as `tools/call`.");
  return problem !== null;
}

function checkMcp(ctx: CheckContext, field: string, clause: Clause, options: ClauseOptions): void {
  const { method } = clause;
  const selectsTool = clause.tool !== undefined || clause.params !== undefined;
  if (method === undefined && !options.allowAllMcp && !ctx.problems.has(`${field}.method`))
    fail(
      ctx,
      "missing",
      field,
      "`method` is missing.",
      "Add `method: tools/call`, or set `mcp.allow_all_known_mcp_methods: true`.",
    );
  const malformed = checkMethodGlob(ctx, field, method);
  if (method !== undefined && !malformed && hasWildcard(method) && !/^tools\/[A-Za-z*]+$/.test(method))
    fail(
      ctx,
      "bad_method",
      `${field}.method`,
      `\`${method}\`: globs stand only behind \`tools/\`.`,
      "Name the method, or set `mcp.allow_all_known_mcp_methods: true` and leave it out.",
    );
  if (selectsTool && method !== undefined && method !== "tools/call")
    fail(
      ctx,
      "tool_without_call",
      field,
      "`tool` and `params` select calls, but the method is not `tools/call`.",
      "Write `method: tools/call`.",
    );
  const name = clause.params?.name;
  const toolGlobs = [...globsOf(clause.tool), ...globsOf(name)];
  if (!options.strictToolNames && toolGlobs.some(hasWildcard))
    fail(
      ctx,
      "tool_glob",
      field,
      "A wildcard in a tool name needs `mcp.strict_tool_names`.",
      "Remove `strict_tool_names: false`, or name the tools.",
    );
  if (clause.tool !== undefined && name !== undefined)
    fail(ctx, "mixed_rule", `${field}.params.name`, "`tool` and `params.name` say the same thing.", "Keep `tool`.");
  for (const key of Object.keys(clause.params ?? {}))
    if (key !== "name" && key !== "arguments")
      fail(
        ctx,
        "unknown_field",
        `${field}.params.${key}`,
        `\`params.${key}\` cannot be matched.`,
        "Use `name` or `arguments`.",
      );
}

function checkJsonRpc(ctx: CheckContext, field: string, clause: Clause): void {
  if (clause.method === undefined) {
    if (!ctx.problems.has(`${field}.method`))
      fail(ctx, "missing", field, "`method` is missing.", 'Name a JSON-RPC method, or `"*"` for any.');
  } else if (!checkMethodGlob(ctx, field, clause.method) && clause.method !== "*" && hasWildcard(clause.method))
    fail(
      ctx,
      "bad_method",
      `${field}.method`,
      `\`${clause.method}\`: a JSON-RPC method is exact, or \`*\` for all.`,
      "Write one rule per method.",
    );
}
