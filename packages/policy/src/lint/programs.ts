/** Programs that are more than one program: shells, interpreters, patterns, parents, files the agent can write. */
import { compileGlob, hasWildcard } from "../glob.ts";
import type { Binary, PolicyEntry } from "../model.ts";
import type { PolicyRequest } from "../types.ts";
import { isInspected, type Lint } from "./context.ts";
import type { Ref } from "./endpoints.ts";
import { isCarrier, isRuntime, isShell, isStarter, PROGRAM_DIRECTORIES, RUNTIMES, SHELLS, WRITABLE } from "./kinds.ts";
import { sampleCaller, sampleConnection, sampleRequest } from "./samples.ts";

const EVERYTHING = /^\/\*+(\/\*+)*$/;

export function lintPrograms(lint: Lint, key: string, entry: PolicyEntry): void {
  for (const [index, binary] of entry.binaries.entries()) {
    if (lint.full || !lint.spend(entry.endpoints.length)) return;
    const field = `network_policies.${key}.binaries[${index}]`;
    const refs = entry.endpoints.map((endpoint, i): Ref => ({ key, index: i, entry, endpoint }));
    if (EVERYTHING.test(binary.path))
      lint.warn(
        "any_binary",
        field,
        "Any program gets these endpoints, also one the agent writes itself.",
        "Name the programs.",
      );
    else {
      if (binary.script === undefined) lintInterpreter(lint, binary, refs, field);
      lintCarrier(lint, binary, refs, field);
      lintWritable(lint, binary, field);
    }
    lintInherit(lint, binary, refs, field);
  }
}

function lintInterpreter(lint: Lint, binary: Binary, refs: readonly Ref[], field: string): void {
  const { path } = binary;
  if (isShell(path)) {
    lint.warn(
      "interpreter",
      field,
      `\`${path}\` runs whatever it is given, so this allows every script${example(lint, binary, refs)}.`,
      "Name the program that does the work, or the script with `script:`.",
    );
    return;
  }
  const names = isRuntime(path) ? [] : hiddenInterpreters(path);
  const writing = firstWriting(lint, binary, refs);
  if (isRuntime(path) && writing !== null)
    lint.warn(
      "interpreter",
      field,
      `Any code that \`${path}\` runs may ${writing}.`,
      "Name the script with `script:`, or allow only reading.",
    );
  if (names.length > 0)
    lint.warn(
      "interpreter_glob",
      field,
      `The pattern \`${path}\` also names ${names.slice(0, 3).join(", ")}, which run whatever they are given.`,
      "Name the programs one by one.",
    );
}

function hiddenInterpreters(pattern: string): string[] {
  if (!hasWildcard(pattern)) return [];
  const matches = compileGlob(pattern, { separator: "/" });
  return PROGRAM_DIRECTORIES.flatMap((directory) =>
    [...SHELLS, ...RUNTIMES].map((name) => `${directory}/${name}`),
  ).filter(matches);
}

/** What the program may do beyond reading, as words behind "may"; null when it may only read. */
function firstWriting(lint: Lint, binary: Binary, refs: readonly Ref[]): string | null {
  const caller = sampleCaller(binary);
  for (const ref of refs) {
    if (!isInspected(ref.endpoint)) {
      const request = sampleConnection(ref, caller);
      if (lint.allowed(request)) return `send anything to ${request.host}:${request.port}`;
      continue;
    }
    if (!broadly(ref)) continue;
    const path =
      ref.endpoint.path ?? ref.endpoint.rules?.find(({ allow }) => allow.method !== "GET")?.allow.path ?? "/x";
    for (const method of ["POST", "DELETE"]) {
      const request = sampleRequest(ref, { method, path: path.replace(/\*+/g, "x") }, caller);
      if (lint.allowed(request)) return `${method} ${request.path ?? ""} to ${request.host}:${request.port}`;
    }
  }
  return null;
}

/** A list of rules says what is meant; an access preset or a rule for everything does not. */
const broadly = ({ endpoint }: Ref): boolean =>
  endpoint.access === "full" ||
  endpoint.access === "read-write" ||
  (endpoint.rules ?? []).some(
    ({ allow }) => allow.method === "*" || ((allow.path === "/**" || allow.path === "**") && allow.method !== "GET"),
  );

function firstAllowed(
  lint: Lint,
  refs: readonly Ref[],
  requestOf: (ref: Ref) => PolicyRequest,
): PolicyRequest | undefined {
  for (const ref of refs) {
    const request = requestOf(ref);
    if (lint.allowed(request)) return request;
    if (lint.full) return undefined;
  }
  return undefined;
}

function example(lint: Lint, binary: Binary, refs: readonly Ref[]): string {
  const caller = sampleCaller(binary);
  const open = firstAllowed(lint, refs, (ref) => sampleConnection(ref, caller));
  return open === undefined ? "" : ` to reach ${open.host}:${open.port}`;
}

function lintCarrier(lint: Lint, binary: Binary, refs: readonly Ref[], field: string): void {
  if (!isCarrier(binary.path)) return;
  const caller = sampleCaller(binary);
  for (const ref of refs) {
    if (isInspected(ref.endpoint) && ref.endpoint.access !== "full") continue;
    const request: PolicyRequest = sampleConnection(ref, caller);
    if (!lint.allowed(request)) continue;
    lint.warn(
      "general_tool",
      field,
      `\`${binary.path}\` carries any bytes it is given, and nothing limits what it sends to ${request.host}:${request.port}.`,
      "Give the endpoint a protocol and rules, or name the program that uses it.",
    );
    return;
  }
}

function lintWritable(lint: Lint, binary: Binary, field: string): void {
  if (!WRITABLE.test(binary.path) || binary.sha256 !== undefined) return;
  lint.warn(
    "writable_binary",
    field,
    `\`${binary.path}\` lies where the agent can write, so it can put its own program there.`,
    "Pin it with `sha256:`, or install it where the agent cannot write.",
  );
}

function lintInherit(lint: Lint, binary: Binary, refs: readonly Ref[], field: string): void {
  if (binary.inherit !== true) return;
  if (binary.sha256 !== undefined || binary.script !== undefined) {
    lint.warn(
      "inherit_without_effect",
      field,
      "Of a parent only the path is known, so `inherit` has no effect beside `sha256` or `script`.",
      "Remove `inherit`.",
    );
    return;
  }
  if (!isShell(binary.path) && !isRuntime(binary.path) && !isStarter(binary.path) && !hasWildcard(binary.path)) return;
  const parent = sampleCaller(binary).binary;
  const child = { binary: "/tmp/x", ancestors: [parent] };
  const open = firstAllowed(lint, refs, (ref) => ({
    ...sampleConnection(ref),
    ...child,
    sha256: undefined,
    script: undefined,
  }));
  if (open === undefined) return;
  lint.warn(
    "inherit_wide",
    field,
    `Whatever \`${binary.path}\` starts counts as it: /tmp/x started by ${parent} may connect to ${open.host}:${open.port}.`,
    "Remove `inherit`, and name the programs that it starts.",
  );
}
