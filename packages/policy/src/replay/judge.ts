/** One version's word on past requests. Exact, or honestly uncertain; remembered, because journals repeat themselves. */
import { canonicalHost } from "../canonical/host.ts";
import type { CompiledPolicy } from "../engine/compiled.ts";
import { decide } from "../engine/decide.ts";
import { namesHost } from "../engine/names.ts";
import { planEndpoint } from "../engine/plan.ts";
import type { PolicyDecision, PolicyRequest } from "../types.ts";
import { type Completions, completionsFor } from "./completions.ts";
import type { Lacks } from "./conditions.ts";
import { TARGETS_MAX } from "./limits.ts";
import { createMemo } from "./memo.ts";
import { keyOf, partsJudged } from "./record-key.ts";
import { lacksOf, pathLacks, requestOf } from "./recorded.ts";
import type { RecordedRequest } from "./types.ts";

export interface Judgement {
  /** Null: it hangs on what the record lacks. */
  passes: boolean | null;
  rule: string | null;
  reason: string;
}

export interface VersionJudge {
  judge(record: RecordedRequest): Judgement;
  /** Would the gateway read this traffic, rather than relay it? */
  inspects(record: RecordedRequest): boolean;
}

/** `nowMs`: the clock for expiry and monitor mode; `recorded` takes each record's own time. */
export function createVersionJudge(compiled: CompiledPolicy, nowMs: number | "recorded"): VersionJudge {
  const thresholds = thresholdsOf(compiled);
  const uses = partsJudged(compiled);
  const targets = new Map<string, Completions | null>();
  const memo = createMemo<Judgement>();

  /** The clock of a record; null when it has no readable time and the answer could hang on it. */
  function clockOf(record: RecordedRequest): number | null {
    if (nowMs !== "recorded") return nowMs;
    if (thresholds.length === 0) return 0;
    const time = Date.parse(record.time);
    return Number.isNaN(time) ? null : time;
  }

  function completionsOf(request: PolicyRequest, lacks: Lacks): Completions | null {
    const host = canonicalHost(request.host);
    if (host === null) return null;
    const method = request.method?.toUpperCase() ?? null;
    const mask = `${lacks.sha256}${lacks.script}${lacks.ip}${lacks.headers}${lacks.body}${lacks.upgrade}`;
    const key = `${host} ${request.port} ${mask} ${methodClass(method)} ${request.binary}`;
    const known = targets.get(key);
    if (known !== undefined) return known;
    if (targets.size >= TARGETS_MAX) targets.clear();
    const found = completionsFor(compiled, { binary: request.binary, host, port: request.port, method }, lacks);
    targets.set(key, found);
    return found;
  }

  function judgeRequest(request: PolicyRequest, lacks: Lacks, clock: number): Judgement {
    const plain = decide(compiled, request, clock);
    const completions = uses.conditions ? completionsOf(request, lacks) : null;
    if (completions === null) return asJudgement(plain);
    const uncertain = (): Judgement => ({
      passes: null,
      rule: plain.rule,
      reason: `The record lacks ${list(completions.missing)}, which this version judges.`,
    });
    if (completions.ways === null) return uncertain();
    let agreed: PolicyDecision | null = null;
    for (const way of completions.ways) {
      const decision = decide(way.compiled, way.ip === undefined ? request : { ...request, ip: way.ip }, clock);
      if (agreed !== null && passes(agreed) !== passes(decision)) return uncertain();
      agreed ??= decision;
    }
    return asJudgement(agreed === null || passes(agreed) === passes(plain) ? plain : agreed);
  }

  function judgeFresh(record: RecordedRequest, clock: number): Judgement {
    if (record.kind === "dns") return judgeName(compiled, record.host, clock);
    const { binary } = record;
    if (binary === null) return { passes: false, rule: null, reason: "Nobody vouched for the program that asks." };
    const request = requestOf(record, binary);
    const lacks = lacksOf(record, request);
    if (request.method === undefined || !pathLacks(record)) return judgeRequest(request, lacks, clock);
    // Without a path only what holds for the connection is certain.
    const { method: _method, path: _path, ...bare } = request;
    const connection = judgeRequest(bare, lacks, clock);
    if (connection.passes !== true || planEndpoint(compiled, bare, clock)?.handling === "raw") return connection;
    return { ...connection, passes: null, reason: "The record lacks the whole path, which this version judges." };
  }

  return {
    judge(record) {
      const clock = clockOf(record);
      if (clock === null)
        return {
          passes: null,
          rule: null,
          reason: "The record has no readable time, and what this version allows changes with time.",
        };
      // Headers and bodies are rare in records and large: they are judged, not remembered.
      if (record.headers != null || record.body != null) return judgeFresh(record, clock);
      if (!memo.isWorthIt()) return judgeFresh(record, clock);
      const key = keyOf(record, uses, nowMs === "recorded" ? bucketOf(thresholds, clock) : 0);
      const known = memo.get(key);
      if (known !== undefined) return known;
      const judged = judgeFresh(record, clock);
      memo.set(key, judged);
      return judged;
    },
    inspects(record) {
      const clock = clockOf(record);
      if (clock === null || record.binary === null) return true;
      return planEndpoint(compiled, requestOf(record, record.binary), clock)?.handling !== "raw";
    },
  };
}

const passes = (decision: PolicyDecision): boolean => decision.decision !== "deny";
const asJudgement = (decision: PolicyDecision): Judgement => ({
  passes: passes(decision),
  rule: decision.rule,
  reason: decision.reason,
});

function judgeName(compiled: CompiledPolicy, host: string, clock: number): Judgement {
  const known = namesHost(compiled, host, clock);
  const reason = known ? "The name is known, so it would be looked up." : `No entry names ${host}.`;
  return { passes: known, rule: null, reason };
}

/** Every moment at which this version's answers may change. */
function thresholdsOf(compiled: CompiledPolicy): number[] {
  const times = Object.values(compiled.policy.network_policies).flatMap((entry) =>
    entry.expires_at === undefined ? [] : [Date.parse(entry.expires_at)],
  );
  if (compiled.monitorUntilMs !== null) times.push(compiled.monitorUntilMs);
  return [...new Set(times.filter(Number.isFinite))].sort((a, b) => a - b);
}

/** How many of the moments are past; between two of them nothing changes. */
function bucketOf(thresholds: readonly number[], clock: number): number {
  let low = 0;
  let high = thresholds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((thresholds[middle] ?? 0) <= clock) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Methods by which the conditions of a target differ. */
const methodClass = (method: string | null): string =>
  method === null || METHODS_APART.has(method) ? String(method) : "other";
const METHODS_APART: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "WEBSOCKET_TEXT", "WEBSOCKET_BINARY"]);

const list = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? "a part") : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
