/**
 * "To allow this, add:" — the least YAML for what was denied.
 *
 * Threat: the command made itself be denied in order to have a rule proposed to the person that reads this. Invariant: what is shown
 * comes from `createSuggestion`, which never proposes private or metadata addresses, programs the command could have written, names
 * that carry data, or anything past a deny; and nothing is changed here, only shown.
 */
import {
  addRule,
  compilePolicy,
  createSuggestion,
  decide,
  diffLines,
  PolicyEditError,
  parsePolicy,
} from "@creel/policy";
import type { DecisionRecord } from "@creel/protocol";
import { plainTarget } from "./sentence.ts";

const EMPTY = "version: 1\n";
/** Where a connection carries HTTP, so that reading alone is the least that helps. */
const WEB_PORTS: readonly number[] = [80, 443];
/** Each costs an edit of the whole file; more places than this are a matter for `creel policy suggest`. */
const WEB_PLACES_MAX = 40;

export interface AllowOptions {
  /** One record of each refusal. */
  records: readonly DecisionRecord[];
  /** The policy's text; null when there was no file. */
  baseYaml: string | null;
  nowMs: number;
  /** Shown inside read-only, whatever their names say. */
  readOnlyFolders: readonly string[];
}

export interface Allowing {
  /** Lines to add, beneath the lines of the file they belong to. */
  lines: { text: string; isNew: boolean }[];
  /** The whole policy with them. */
  yaml: string;
  /** What is left denied on purpose. */
  refused: { target: string; reason: string }[];
}

/** Null when nothing was denied that a rule could speak of. */
export function howToAllow(options: AllowOptions): Allowing | null {
  try {
    return mergeAllowing(options);
  } catch (error) {
    // The base's layout leaves no place for an entry: then there is no "add this" that could be shown.
    if (error instanceof PolicyEditError) return null;
    throw error;
  }
}

/** As `howToAllow`. @throws PolicyEditError where the base's layout leaves no place for an entry. */
export function mergeAllowing({ records, baseYaml, nowMs, readOnlyFolders }: AllowOptions): Allowing | null {
  const base = baseYaml ?? EMPTY;
  const suggestion = () => createSuggestion({ baseYaml: base, nowMs, readOnlyFolders });
  const requests = suggestion();
  const connections = suggestion();
  const web: DecisionRecord[] = [];
  for (const record of records) {
    if (record.kind === "dns") continue;
    // A denial is lifted by a person: whoever reads this is that person, so it is offered like a request of monitor mode.
    const offered: DecisionRecord = { ...record, decision: "would_deny" };
    const opensWeb = record.method === null && WEB_PORTS.includes(record.port);
    if (opensWeb && web.length < WEB_PLACES_MAX) {
      web.push(record);
      connections.add(offered);
    } else requests.add(offered);
  }
  const first = requests.result();
  const second = connections.result();
  const yaml = withReading(first.yaml, second.yaml, web, nowMs);
  const refused = [...first.refused, ...second.refused].map((each) => ({
    target: plainTarget(each),
    reason: each.reason,
  }));
  if (yaml === base && refused.length === 0) return null;
  // Without a file everything is new: what is shown is a policy as it stands.
  const lines = yaml === base ? [] : addedLines(baseYaml ?? "", yaml);
  return { lines, yaml, refused };
}

/**
 * A connection that was denied before any request was read would be suggested as one to relay unread. On a web port less is enough: its
 * requests are read, and those that only read are allowed.
 */
function withReading(yaml: string, suggested: string, web: readonly DecisionRecord[], nowMs: number): string {
  const { policy } = parsePolicy(suggested);
  if (policy === null) return yaml;
  const compiled = compilePolicy(policy);
  let text = yaml;
  for (const { binary, host, port } of web) {
    if (binary === null) continue;
    const request = { binary: binary.path, host, port };
    if (decide(compiled, request, nowMs).decision !== "allow") continue;
    try {
      text = addRule(text, request);
    } catch (error) {
      if (!(error instanceof PolicyEditError)) throw error;
    }
  }
  return text;
}

/** What is new, each block beneath the lines that it hangs on. */
function addedLines(before: string, after: string): Allowing["lines"] {
  const all = after.split("\n");
  const added = new Set(
    diffLines(before, after).flatMap((each) =>
      each.kind === "added" && each.newLine !== undefined ? [each.newLine - 1] : [],
    ),
  );
  const shown = new Map<number, boolean>();
  for (const at of added) {
    if ((all[at] ?? "").trim() === "") continue;
    for (const parent of parentsOf(all, at)) shown.set(parent, shown.get(parent) ?? added.has(parent));
    shown.set(at, true);
  }
  return [...shown].sort(([a], [b]) => a - b).map(([at, isNew]) => ({ text: all[at] ?? "", isNew }));
}

const indentOf = (text: string): number => text.length - text.trimStart().length;

/** The lines above with a smaller indentation each: the keys that a line of block YAML lies under. */
function parentsOf(lines: readonly string[], at: number): number[] {
  const parents: number[] = [];
  let indent = indentOf(lines[at] ?? "");
  for (let i = at - 1; i >= 0 && indent > 0; i--) {
    const text = lines[i] ?? "";
    if (text.trim() === "" || text.trimStart().startsWith("#") || indentOf(text) >= indent) continue;
    parents.push(i);
    indent = indentOf(text);
  }
  return parents;
}
