/**
 * Which endpoints of one host and port name a caller. Programs are found by path, pinned ones by path and digest, scripts by their own
 * path; `compileBinary` judges each one found. Endpoints that the same programs share form one group, whose rules are indexed together.
 */
import { GlobSet } from "../glob/set.ts";
import { hasWildcard } from "../glob.ts";
import { ANCESTORS_MAX } from "../limits.ts";
import type { Binary } from "../model.ts";
import { type Caller, type CompiledBinary, compileBinary } from "./binary.ts";
import type { CompiledEndpoint } from "./endpoint.ts";
import { Group } from "./group.ts";

/** A program of the file; how to recognise it is compiled when a caller comes near. */
class Program {
  readonly source: Binary;
  readonly group: Group;
  private compiled: CompiledBinary | null = null;

  constructor(source: Binary, group: Group) {
    this.source = source;
    this.group = group;
  }
  is(caller: Caller): boolean {
    this.compiled ??= compileBinary(this.source);
    return this.compiled.matches(caller);
  }
}

/** Programs of one path. */
interface OnePath {
  plain: Program[];
  pinned: Map<string, Program[]> | null;
  scripts: GlobSet<Program> | null;
}

export class Programs {
  private readonly exact = new Map<string, OnePath>();
  private readonly globs = new GlobSet<OnePath>({ separator: "/" });
  /** Those whose children count as well. */
  private readonly parents = new GlobSet<Program>({ separator: "/" });

  /** The endpoints in the order of the file. */
  constructor(endpoints: readonly CompiledEndpoint[]) {
    for (const program of programsOf(endpoints)) {
      this.place(this.pathOf(program.source.path), program);
      if (program.source.inherit === true) this.parents.add(program.source.path, program);
    }
  }

  /** The groups whose programs the caller is, each once. */
  find(caller: Caller): Group[] {
    const found: Group[] = [];
    const exact = this.exact.get(caller.binary);
    if (exact !== undefined) collect(exact, caller, found);
    if (!this.globs.isEmpty)
      for (const { items } of this.globs.find([caller.binary])) for (const path of items) collect(path, caller, found);
    if (!this.parents.isEmpty && caller.ancestors.length > 0)
      for (const { items } of this.parents.find(caller.ancestors.slice(0, ANCESTORS_MAX))) take(items, caller, found);
    return found;
  }

  /** Some entry names this very path. */
  names(binary: string): boolean {
    return this.exact.has(binary);
  }

  private pathOf(path: string): OnePath {
    const known = hasWildcard(path) ? this.globs.leafOf(path).items[0] : this.exact.get(path);
    if (known !== undefined) return known;
    const made: OnePath = { plain: [], pinned: null, scripts: null };
    if (hasWildcard(path)) this.globs.add(path, made);
    else this.exact.set(path, made);
    return made;
  }

  private place(path: OnePath, program: Program): void {
    const { sha256, script } = program.source;
    if (sha256 !== undefined) {
      path.pinned ??= new Map();
      const same = path.pinned.get(sha256);
      if (same === undefined) path.pinned.set(sha256, [program]);
      else same.push(program);
    } else if (script !== undefined) {
      path.scripts ??= new GlobSet({ separator: "/" });
      path.scripts.add(script, program);
    } else path.plain.push(program);
  }
}

function collect({ plain, pinned, scripts }: OnePath, caller: Caller, found: Group[]): void {
  take(plain, caller, found);
  if (pinned !== null && caller.sha256 !== undefined) take(pinned.get(caller.sha256) ?? [], caller, found);
  if (scripts !== null && caller.script !== undefined)
    for (const { items } of scripts.find([caller.script])) take(items, caller, found);
}

function take(programs: readonly Program[], caller: Caller, found: Group[]): void {
  for (const program of programs) if (!found.includes(program.group) && program.is(caller)) found.push(program.group);
}

/** Each distinct program with the endpoints that name it; programs with the same endpoints share one group. */
function programsOf(endpoints: readonly CompiledEndpoint[]): Program[] {
  const programs = new Map<string, { binary: Binary; runs: number[] }>();
  // The endpoints of one entry stand together; `runs` names entries by where theirs begin.
  let begin = 0;
  for (let at = 0; at < endpoints.length; at++) {
    const entry = endpoints[at]?.entry;
    if (at > 0 && entry === endpoints[at - 1]?.entry) continue;
    begin = at;
    for (const binary of entry?.source.binaries ?? []) {
      const key = [binary.path, binary.sha256, binary.script, binary.inherit === true].join("\0");
      const known = programs.get(key);
      if (known === undefined) programs.set(key, { binary, runs: [begin] });
      else if (known.runs.at(-1) !== begin) known.runs.push(begin);
    }
  }
  const groups = new Map<string, Group>();
  return [...programs.values()].map(({ binary, runs }) => {
    const key = runs.join();
    const known = groups.get(key);
    const group = known ?? new Group(runs.flatMap((from) => runAt(endpoints, from)));
    if (known === undefined) groups.set(key, group);
    return new Program(binary, group);
  });
}

function runAt(endpoints: readonly CompiledEndpoint[], from: number): CompiledEndpoint[] {
  const entry = endpoints[from]?.entry;
  const run: CompiledEndpoint[] = [];
  for (let at = from; endpoints[at] !== undefined && endpoints[at]?.entry === entry; at++) {
    const endpoint = endpoints[at];
    if (endpoint !== undefined) run.push(endpoint);
  }
  return run;
}
