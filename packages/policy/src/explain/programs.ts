/** Why an entry does not name a program. */

import { type Caller, compileBinary } from "../engine/binary.ts";
import { compileGlob } from "../glob.ts";
import type { Binary } from "../model.ts";
import { quoted } from "./trace.ts";

export interface ProgramMiss {
  binary: Binary;
  index: number;
  kind: "pin" | "script" | "parent" | "name" | "path";
  sentence: string;
}

/** Nearest first: the same file with another digest is nearer than another file of that name. */
const NEARNESS = ["pin", "script", "parent", "name", "path"] as const;
export const nearness = (miss: ProgramMiss): number => NEARNESS.indexOf(miss.kind);

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
const pathMatches = (binary: Binary, path: string): boolean => compileGlob(binary.path, { separator: "/" })(path);

/** The position of the binary that names the caller, or the reasons why none does, nearest first. */
export function findProgram(
  binaries: readonly Binary[],
  caller: Caller,
): { index: number; sentence: string } | { misses: ProgramMiss[] } {
  const misses: ProgramMiss[] = [];
  for (const [index, binary] of binaries.entries()) {
    if (compileBinary(binary).matches(caller)) return { index, sentence: howItMatches(binary, caller) };
    misses.push({ binary, index, ...whyItMisses(binary, caller) });
  }
  return { misses: misses.sort((a, b) => nearness(a) - nearness(b)) };
}

function howItMatches(binary: Binary, caller: Caller): string {
  if (!pathMatches(binary, caller.binary)) {
    const parent = caller.ancestors.find((path) => pathMatches(binary, path)) ?? "";
    return `Its parent ${quoted(parent)} is named with \`inherit: true\`.`;
  }
  const extra = [
    ...(binary.sha256 === undefined ? [] : ["its digest is the pinned one"]),
    ...(binary.script === undefined ? [] : [`it runs ${quoted(caller.script ?? "")}`]),
  ];
  const by = binary.path === caller.binary ? "by its path" : `by the pattern ${quoted(binary.path)}`;
  return `${quoted(caller.binary)} is named ${by}${extra.map((text) => `, and ${text}`).join("")}.`;
}

function whyItMisses(binary: Binary, caller: Caller): { kind: ProgramMiss["kind"]; sentence: string } {
  const path = quoted(binary.path);
  if (pathMatches(binary, caller.binary)) {
    if (binary.sha256 !== undefined && binary.sha256 !== caller.sha256)
      return {
        kind: "pin",
        sentence:
          caller.sha256 === undefined
            ? `${path} is pinned to a digest, and the program's digest is not known.`
            : `${path} is pinned to ${binary.sha256.slice(0, 12)}…, but the program's digest is ${caller.sha256.slice(0, 12)}….`,
      };
    return {
      kind: "script",
      sentence:
        caller.script === undefined
          ? `${path} must run the script ${quoted(binary.script ?? "")}, and the script is not known.`
          : `${path} must run the script ${quoted(binary.script ?? "")}, but it runs ${quoted(caller.script)}.`,
    };
  }
  const parent = caller.ancestors.find((ancestor) => pathMatches(binary, ancestor));
  if (parent !== undefined)
    return {
      kind: "parent",
      sentence:
        binary.sha256 === undefined && binary.script === undefined
          ? `Its parent ${quoted(parent)} is named, but children count only with \`inherit: true\`.`
          : `Its parent ${quoted(parent)} is named, but of a parent neither digest nor script is known, so \`inherit\` cannot help.`,
    };
  return {
    kind: baseName(binary.path) === baseName(caller.binary) ? "name" : "path",
    sentence: `It names ${path}; the program is ${quoted(caller.binary)}.`,
  };
}
