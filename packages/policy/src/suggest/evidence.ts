/**
 * What a journal shows, by program, host and port. Threat: a journal without end, or one that was filled on purpose. Invariant: memory
 * is bounded, and what is kept depends on what was seen, never on its order: past a bound the whole is given up, not the later part.
 */
import { PATHS_MAX, PATHS_PER_TARGET_MAX, PROGRAMS_MAX, TARGETS_PER_PROGRAM_MAX } from "./limits.ts";

/** How often, when and by whom; sets are kept only as far as anybody asks. */
export class Sightings {
  count = 0;
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = Number.NEGATIVE_INFINITY;
  private readonly sandboxes = new Set<string>();
  private readonly days = new Set<number>();

  add(ms: number, sandbox: string): void {
    this.count++;
    if (ms < this.firstMs) this.firstMs = ms;
    if (ms > this.lastMs) this.lastMs = ms;
    if (this.sandboxes.size < SET_MAX) this.sandboxes.add(sandbox);
    if (!Number.isNaN(ms) && this.days.size < SET_MAX) this.days.add(Math.floor(ms / DAY_MS));
  }
  /** At most `SET_MAX`. */
  get sandboxCount(): number {
    return this.sandboxes.size;
  }
  get dayCount(): number {
    return this.days.size;
  }
}
const SET_MAX = 100;
const DAY_MS = 24 * 3600 * 1000;

/** A request as a rule can see it. */
export interface Wish {
  program: string;
  /** Canonical. */
  host: string;
  port: number;
  /** Upper case; null: a connection. */
  method: string | null;
  /** Canonical; null with `method`. */
  path: string | null;
  /** A connection whose bytes were relayed unread. */
  raw: boolean;
}

export interface TargetEvidence {
  host: string;
  port: number;
  sightings: Sightings;
  /** Relayed unread. */
  rawConnections: number;
  connections: number;
  /** Requests by method and path; null once there were too many paths. */
  methods: Map<string, Map<string, number>> | null;
  pathCount: number;
  requests: number;
}
export interface ProgramEvidence {
  path: string;
  /** Null once there were too many. */
  targets: Map<string, TargetEvidence> | null;
  count: number;
}

export interface Evidence {
  all: Sightings;
  /** Null once there were too many. */
  programs: Map<string, ProgramEvidence> | null;
  count: number;
  pathCount: number;
}

export const newEvidence = (): Evidence => ({ all: new Sightings(), programs: new Map(), count: 0, pathCount: 0 });

export function addWish(evidence: Evidence, wish: Wish, ms: number, sandbox: string): void {
  evidence.count++;
  const program = programOf(evidence, wish.program);
  if (program === null) return;
  program.count++;
  const target = targetOf(program, wish);
  if (target === null) return;
  target.sightings.add(ms, sandbox);
  if (wish.method === null || wish.path === null) {
    if (wish.raw) target.rawConnections++;
    else target.connections++;
    return;
  }
  target.requests++;
  if (target.methods === null) return;
  const paths = target.methods.get(wish.method) ?? new Map<string, number>();
  target.methods.set(wish.method, paths);
  const seen = paths.get(wish.path);
  paths.set(wish.path, (seen ?? 0) + 1);
  if (seen !== undefined) return;
  target.pathCount++;
  if (++evidence.pathCount > PATHS_MAX) evidence.programs = null;
  else if (target.pathCount > PATHS_PER_TARGET_MAX) {
    target.methods = null;
    evidence.pathCount -= target.pathCount;
  }
}

function programOf(evidence: Evidence, path: string): ProgramEvidence | null {
  const known = evidence.programs?.get(path);
  if (known !== undefined || evidence.programs === null) return known ?? null;
  if (evidence.programs.size >= PROGRAMS_MAX) {
    evidence.programs = null;
    return null;
  }
  const program: ProgramEvidence = { path, targets: new Map(), count: 0 };
  evidence.programs.set(path, program);
  return program;
}

function targetOf(program: ProgramEvidence, { host, port }: Wish): TargetEvidence | null {
  const key = `${host}:${port}`;
  const known = program.targets?.get(key);
  if (known !== undefined || program.targets === null) return known ?? null;
  if (program.targets.size >= TARGETS_PER_PROGRAM_MAX) {
    program.targets = null;
    return null;
  }
  const target: TargetEvidence = {
    host,
    port,
    sightings: new Sightings(),
    rawConnections: 0,
    connections: 0,
    methods: new Map(),
    pathCount: 0,
    requests: 0,
  };
  program.targets.set(key, target);
  return target;
}
