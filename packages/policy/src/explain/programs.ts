/** Which entries name a program, and why the others do not. */
import { compileGlob } from "../glob.ts";
import type { Binary, PolicyEntry } from "../model.ts";
import type { PolicyRequest } from "../types.ts";
import { type EndpointRef, programNamed } from "./probe.ts";
import { ANSWERS_MAX, type Asked, entryField, quoted } from "./trace.ts";

export interface ProgramMiss {
  binary: Binary;
  index: number;
  kind: "pin" | "script" | "parent" | "name" | "path";
  sentence: string;
}
export type ProgramFound = { index: number; sentence: string } | { misses: ProgramMiss[] };

/** Nearest first: the same file with another digest is nearer than another file of that name. */
const NEARNESS: readonly ProgramMiss["kind"][] = ["pin", "script", "parent", "name", "path"];

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
const pathMatches = (binary: Binary, path: string): boolean => compileGlob(binary.path, { separator: "/" })(path);
const digestOf = (request: PolicyRequest): string | undefined => request.sha256?.toLowerCase().replace(/^sha256:/, "");

export function tracePrograms({ trace, request, nowMs }: Asked, named: readonly EndpointRef[]): void {
  const entries = [...new Map(named.map(({ key, entry }) => [key, entry])).entries()];
  // Entries that name the program are told first: they are what the reader looks for.
  const answers = entries
    .map(([key, entry]) => ({ key, entry, found: findProgram(entry.binaries, request) }))
    .sort((a, b) => rank(a.found) - rank(b.found));
  for (const { key, entry, found } of answers.slice(0, ANSWERS_MAX)) {
    const title = `Entry \`${key}\` names the program`;
    if ("misses" in found) {
      const [miss] = found.misses;
      const field = `${entryField(key)}.binaries${miss === undefined ? "" : `[${miss.index}]`}`;
      trace.add("fails", title, miss?.sentence ?? "It names no program at all.", field);
      continue;
    }
    trace.add("holds", title, found.sentence, `${entryField(key)}.binaries[${found.index}]`);
    traceExpiry(trace, key, entry, nowMs);
  }
}

function traceExpiry(trace: Asked["trace"], key: string, entry: PolicyEntry, nowMs: number): void {
  const expires = entry.expires_at;
  if (expires === undefined) return;
  const over = Date.parse(expires) <= nowMs;
  trace.add(
    over ? "fails" : "holds",
    `Entry \`${key}\` is in force`,
    `It ${over ? "expired" : "expires"} at ${expires}.`,
    `${entryField(key)}.expires_at`,
  );
}

const rank = (found: ProgramFound): number =>
  "misses" in found ? 1 + NEARNESS.indexOf(found.misses[0]?.kind ?? "path") : 0;

/** The position of the binary that names the program, or the reasons why none does, nearest first. */
export function findProgram(binaries: readonly Binary[], request: PolicyRequest): ProgramFound {
  const misses: ProgramMiss[] = [];
  for (const [index, binary] of binaries.entries()) {
    if (programNamed(binary, request)) return { index, sentence: howItMatches(binary, request) };
    misses.push({ binary, index, ...whyItMisses(binary, request) });
  }
  return { misses: misses.sort((a, b) => NEARNESS.indexOf(a.kind) - NEARNESS.indexOf(b.kind)) };
}

function howItMatches(binary: Binary, request: PolicyRequest): string {
  if (!pathMatches(binary, request.binary)) {
    const parent = request.ancestors?.find((path) => pathMatches(binary, path)) ?? "";
    return `Its parent ${quoted(parent)} is named with \`inherit: true\`.`;
  }
  const extra = [
    ...(binary.sha256 === undefined ? [] : ["its digest is the pinned one"]),
    ...(binary.script === undefined ? [] : [`it runs ${quoted(request.script ?? "")}`]),
  ];
  const by = binary.path === request.binary ? "by its path" : `by the pattern ${quoted(binary.path)}`;
  return `${quoted(request.binary)} is named ${by}${extra.map((text) => `, and ${text}`).join("")}.`;
}

function whyItMisses(binary: Binary, request: PolicyRequest): Pick<ProgramMiss, "kind" | "sentence"> {
  const path = quoted(binary.path);
  if (pathMatches(binary, request.binary)) {
    const digest = digestOf(request);
    if (binary.sha256 !== undefined && binary.sha256 !== digest)
      return { kind: "pin", sentence: pinMiss(binary, digest) };
    const must = `${path} must run the script ${quoted(binary.script ?? "")}`;
    return {
      kind: "script",
      sentence:
        request.script === undefined
          ? `${must}, and the script is not known.`
          : `${must}, but it runs ${quoted(request.script)}.`,
    };
  }
  const parent = request.ancestors?.find((ancestor) => pathMatches(binary, ancestor));
  if (parent !== undefined)
    return {
      kind: "parent",
      sentence:
        binary.sha256 === undefined && binary.script === undefined
          ? `Its parent ${quoted(parent)} is named, but children count only with \`inherit: true\`.`
          : `Its parent ${quoted(parent)} is named, but of a parent neither digest nor script is known, so \`inherit\` cannot help.`,
    };
  return {
    kind: baseName(binary.path) === baseName(request.binary) ? "name" : "path",
    sentence: `It names ${path}; the program is ${quoted(request.binary)}.`,
  };
}

/** Enough of a digest to compare by eye. */
const short = (digest: string): string => `${digest.slice(0, 12)}…`;

const pinMiss = (binary: Binary, digest: string | undefined): string =>
  digest === undefined
    ? `${quoted(binary.path)} is pinned to a digest, and the program's digest is not known.`
    : `${quoted(binary.path)} is pinned to ${short(binary.sha256 ?? "")}, but the program's digest is ${short(digest)}.`;
