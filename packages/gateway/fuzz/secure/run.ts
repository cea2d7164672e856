import { Random } from "../../../policy/fuzz/random.ts";
import { heldBytes } from "../../src/http/heldBodies.ts";
import { createRecordSink, type DecisionDraft, type DecisionSink, PROXY_HOST, PROXY_PORT } from "../../src/index.ts";
import { createWorld, type World } from "../../test/support/world.ts";
import { caseOf, play } from "./connections.ts";
import { HOSTS, NEW_HOST, POLICY } from "./hosts.ts";
import { judgeArrived, keyOf } from "./judge.ts";
import { type Arrived, createSecureUpstream, nothingArrived, type SecureUpstream } from "./upstream.ts";

/**
 * Hostile connections whose TLS a real gateway ends: HTTP/2 in frames by hand, bodies and messages that the policy reads, HTTP/1.1 and what
 * is no TLS at all, towards a server of each version. Invariant: what arrives was allowed for what any reading of it asks; and when the
 * clients have left, nothing is open, held or counted for them.
 */
export interface SecureRun {
  world: World;
  arrived: Arrived;
  upstreams: SecureUpstream[];
  doors: Map<string, number>;
  proxy: number;
  hello: Buffer;
  lines: DecisionDraft[];
  open: Set<number>;
  awaited: Map<string, number>;
  close(): Promise<void>;
}

const AT_ONCE = 8;
const ROUND_MS = 200;
/** Longer than a connection of HTTP/2 may be deaf; then what is open stays open. */
const QUIET_ROUNDS_MAX = 150;

export async function startSecure(hello: Buffer): Promise<SecureRun> {
  const arrived = nothingArrived();
  const upstreams = await Promise.all(
    HOSTS.map((host) => createSecureUpstream(host, arrived, { http2: host === NEW_HOST })),
  );
  const lines: DecisionDraft[] = [];
  const open = new Set<number>();
  const world = await createWorld({
    yaml: POLICY,
    journal: listening(lines, open),
    resolve: Object.fromEntries(HOSTS.map((host, at) => [`${host}:443`, `127.0.0.1:${upstreams[at]?.port}`])),
    upstreamCa: upstreams.map(({ caPem }) => caPem),
  });
  const doors = new Map<string, number>();
  for (const host of HOSTS) doors.set(host, await world.door(host, 443));
  const proxy = await world.door(PROXY_HOST, PROXY_PORT);
  const close = async () => {
    await world.close();
    for (const upstream of upstreams) upstream.close();
  };
  return { world, arrived, upstreams, doors, proxy, hello, lines, open, awaited: new Map(), close };
}

function listening(lines: DecisionDraft[], open: Set<number>): DecisionSink {
  const sink = createRecordSink({ onRecord: () => {} });
  return {
    ...sink,
    async append(draft) {
      lines.push(draft);
      const seq = await sink.append(draft);
      if (draft.decision === "allow") open.add(seq);
      return seq;
    },
    end(ref, totals) {
      open.delete(ref);
      sink.end(ref, totals);
    },
  };
}

/** Waits until the gateway has nothing left to do; gives what it does not let go of. */
async function leftOver({ lines, open, world }: SecureRun): Promise<string[]> {
  let seen = -1;
  let rest: string[] = [];
  for (let round = 0; round < QUIET_ROUNDS_MAX; round += 1) {
    const counts = {
      exchanges: open.size,
      "held bytes": heldBytes(),
      flows: world.gateway.traffic("box")?.open ?? 0,
    };
    rest = Object.entries(counts).flatMap(([what, count]) =>
      count > 0 ? [`${count} ${what} are left though their clients have gone`] : [],
    );
    if (rest.length === 0 && seen === lines.length) return [];
    seen = lines.length;
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  }
  return rest;
}

const countAllowed = (lines: readonly DecisionDraft[], into: Map<string, number>): number => {
  let count = 0;
  for (const { decision, method, path, host } of lines) {
    if (decision !== "allow" || method === null || path === null || method.startsWith("WEBSOCKET_")) continue;
    const key = keyOf({ method, host, target: path });
    into.set(key, (into.get(key) ?? 0) + 1);
    count += 1;
  }
  return count;
};

export interface SecurePlayed {
  faults: string[];
  /** What arrived, so that a run that reaches nothing says so. */
  reached: { http1: number; http2: number; webSockets: number; inspected: number };
}

/** Plays the cases of these seeds. */
export async function playSecure(
  run: SecureRun,
  options: { seed: number; connections: number },
): Promise<SecurePlayed> {
  const { world, arrived, lines, doors, proxy, hello } = run;
  world.set(POLICY);
  let index = 0;
  const worker = async () => {
    while (index < options.connections) {
      const seed = options.seed + index;
      index += 1;
      const one = caseOf(new Random(seed), `s${seed}`, hello);
      await play(one, { direct: doors.get(one.host) ?? 0, proxy });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  // The reload lets go of what is kept to the servers.
  world.set(POLICY);
  const faults = await leftOver(run);
  // What was allowed at the end of the last batch may have arrived in this one.
  const allowed = new Map(run.awaited);
  run.awaited.clear();
  countAllowed(lines, run.awaited);
  countAllowed(lines, allowed);
  faults.push(...judgeArrived(arrived, allowed));
  const paths = [...allowed.keys()].filter((key) => / \/(?:rpc|mcp|graphql)/.test(key));
  const reached = {
    http1: arrived.connections.length,
    http2: arrived.streams.length,
    webSockets: arrived.webSockets.filter(({ length }) => length > 0).length,
    inspected: paths.length,
  };
  lines.length = 0;
  Object.assign(arrived, nothingArrived());
  return { faults, reached };
}
