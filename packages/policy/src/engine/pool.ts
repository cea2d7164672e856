/**
 * What many rules have in common stands once: the programs of an entry, and the rules of an endpoint. Ten thousand rules then share a
 * few objects, so a decision finds them in the processor's cache. Invariant: only what means the same is shared.
 */
import type { Binary, Clause } from "../model.ts";
import { type Caller, type CompiledBinary, compileBinary } from "./binary.ts";
import { type ClauseList, compileClauses } from "./clause.ts";

/** Up to here trying all programs, or all rules, of one endpoint costs less than any index over them. */
export const TRIED_ONE_BY_ONE_MAX = 8;

/** Separates words that hold no control character, as a pattern must not. */
const BETWEEN = "\n";

/** The programs of one entry. */
export class ProgramList {
  private readonly sources: readonly Binary[];
  private compiled: readonly CompiledBinary[] | null = null;

  constructor(sources: readonly Binary[]) {
    this.sources = sources;
  }

  has(caller: Caller): boolean {
    this.compiled ??= this.sources.map(compileBinary);
    for (const program of this.compiled) if (program.matches(caller)) return true;
    return false;
  }
}

export class Pool {
  private readonly programs = new Map<string, ProgramList>();
  private readonly allows = new Map<string, ClauseList>();
  private readonly denies = new Map<string, ClauseList>();

  /** Null: they are many, and an index finds the one that asks. */
  programsOf(binaries: readonly Binary[]): ProgramList | null {
    if (binaries.length > TRIED_ONE_BY_ONE_MAX) return null;
    let key = "";
    for (const { path, sha256, script, inherit } of binaries) {
      // A digest, a script or parents are rare, and such entries keep their own list.
      if (sha256 !== undefined || script !== undefined || inherit === true) return new ProgramList(binaries);
      key += path + BETWEEN;
    }
    return existingOr(this.programs, key, () => new ProgramList(binaries));
  }

  clausesOf(clauses: readonly Clause[], options: { deny: boolean }): ClauseList {
    const key = clauses.length > TRIED_ONE_BY_ONE_MAX ? null : keyOf(clauses);
    if (key === null) return compileClauses(clauses, options);
    return existingOr(options.deny ? this.denies : this.allows, key, () => compileClauses(clauses, options));
  }
}

/** Null: some clause says more than a method and a path. */
function keyOf(clauses: readonly Clause[]): string | null {
  let key = "";
  for (const clause of clauses) {
    for (const field in clause) if (field !== "method" && field !== "path") return null;
    if (clause.method === undefined || clause.path === undefined) return null;
    key += clause.method + BETWEEN + clause.path + BETWEEN;
  }
  return key;
}

function existingOr<V>(map: Map<string, V>, key: string, make: () => V): V {
  const existing = map.get(key);
  if (existing !== undefined) return existing;
  const made = make();
  map.set(key, made);
  return made;
}
