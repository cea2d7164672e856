import type { Claim, Row, Table } from "../policy/table.ts";
import { API_HOST, coldHost } from "./hosts.ts";
import { type Idle, measureIdle } from "./idle.ts";
import { type Measured, measureRows } from "./rows.ts";
import { openStage, type Stage, type Subject } from "./stage.ts";

const REQUESTS = 300;
const CONNECTIONS = 8;
const MIB = 1024 * 1024;
const DOWNLOAD_MIB = 64;
const CONNECTS = 50;
const INTERCEPTION_MIN = 3;
const RELAY_SHARE_MIN = 0.5;
const IDLE_MIB_MAX = 3;

const NOTES: Readonly<Record<string, string>> = {
  creel: "50 entries, each request judged, its line in the journal on disk first, program known from connect()",
  "mockttp 4.6.5": "one rule of method, host and path; nothing kept",
  "http-mitm-proxy 1.1.0": "one handler comparing method, host and path; connections kept",
  "node:https alone": "server and client of Node's back to back; nothing judged",
  "nginx stream": "one worker, own defaults; nothing judged",
  socat: "a process for each connection",
  "node:net, piped": "nothing judged",
};

const noted = (subjects: readonly Subject[], verb: Measured["verb"], input: object, suffix = ""): Measured[] =>
  subjects.map((subject) => ({
    subject,
    verb,
    input,
    name: `${subject.name}${suffix}`,
    note: NOTES[subject.name] ?? "",
  }));

export async function measureEgress(): Promise<{ tables: Table[]; claims: Claim[] }> {
  const stage = await openStage();
  try {
    const interception = await requestTable(stage);
    const cold = await coldTable(stage);
    const relay = await relayTable(stage);
    const connecting = await connectTable(stage);
    const idle = await measureIdle();
    return {
      tables: [interception, cold, relay, connecting],
      claims: [...requestClaims(interception.rows), relayClaim(relay.rows), idleClaim(idle)],
    };
  } finally {
    await stage.close();
  }
}

async function requestTable({ creel, readers }: Stage): Promise<Table> {
  const input = { host: API_HOST, port: 443, connections: CONNECTIONS, requests: REQUESTS };
  const rows = await measureRows(
    [
      ...noted([creel, ...readers], "http1", input),
      ...noted([creel, ...readers.filter(({ name }) => name.startsWith("mockttp"))], "http2", input, ", HTTP/2"),
    ],
    { rounds: 8, warmUpRounds: 5, perRound: REQUESTS, perSecond: "requests per core-second" },
  );
  const title = `TLS read, small JSON answers on kept connections: processor time of the proxy's process (${CONNECTIONS} at once)`;
  return { title, unit: "us", rows };
}

async function coldTable({ creel, readers }: Stage): Promise<Table> {
  const rows: Row[] = [];
  const subjects = [creel, ...readers];
  const measured = subjects.map((): number[] => []);
  for (let round = 0; round < 15; round++)
    for (const [at, subject] of subjects.entries())
      for (const ms of await subject.load.ask("first", { host: coldHost(round) })) measured[at]?.push(ms);
  const { figuresOf } = await import("../policy/measure.ts");
  for (const [at, { name }] of subjects.entries()) rows.push({ name, ...figuresOf(measured[at] ?? []) });
  return { title: "First request to a host: connection, certificate, handshake, answer", unit: "ms", rows };
}

async function relayTable({ creel, relays }: Stage): Promise<Table> {
  const rows = await measureRows(noted([creel, ...relays], "download", { bytes: DOWNLOAD_MIB * MIB }), {
    ...{ rounds: 10, warmUpRounds: 2, perRound: DOWNLOAD_MIB },
    perSecond: "MiB per core-second",
  });
  return {
    title: `TCP relayed unread (\`protocol: tcp\`): processor time for a MiB of ${DOWNLOAD_MIB}`,
    unit: "us",
    rows,
  };
}

async function connectTable({ creel, creelWithShim, relays }: Stage): Promise<Table> {
  const others = relays.filter(({ name }) => name !== "socat");
  const rows = await measureRows(
    [
      ...noted([creel], "connects", { count: CONNECTS }),
      ...noted([creelWithShim], "connects", { count: CONNECTS }, " with its shim"),
      ...noted(others, "connects", { count: CONNECTS }),
    ],
    { rounds: 10, warmUpRounds: 2, perRound: CONNECTS, perSecond: "connections per core-second" },
  );
  return { title: "A connection relayed for one byte: processor time, with who connected", unit: "us", rows };
}

const medianOf = (rows: readonly Row[], name: string): number =>
  rows.find((row) => row.name === name)?.median ?? Number.NaN;

function requestClaims(rows: readonly Row[]): Claim[] {
  return ["mockttp 4.6.5", "http-mitm-proxy 1.1.0"].map((peer) => {
    const ratio = medianOf(rows, peer) / medianOf(rows, "creel");
    return {
      claim: `at least ${INTERCEPTION_MIN} times the requests per core of ${peer}`,
      measured: `${ratio.toFixed(2)} times`,
      holds: ratio >= INTERCEPTION_MIN,
    };
  });
}

function relayClaim(rows: readonly Row[]): Claim {
  const share = medianOf(rows, "nginx stream") / medianOf(rows, "creel");
  return {
    claim: `at least ${RELAY_SHARE_MIN} of the bytes per core of an nginx stream proxy`,
    measured: Number.isNaN(share) ? "nginx with its stream module is not installed here" : `${share.toFixed(2)}`,
    holds: share >= RELAY_SHARE_MIN,
  };
}

function idleClaim({ shimMib, initMib, gatewayMib, sandboxes }: Idle & { sandboxes: number }): Claim {
  const sum = shimMib + initMib + gatewayMib;
  const parts = `shim ${shimMib.toFixed(2)}, PID 1 ${initMib.toFixed(2)}, gateway's share ${gatewayMib.toFixed(2)}`;
  return {
    claim: `at most ${IDLE_MIB_MAX} MiB beyond the agent while idle, over ${sandboxes} sandboxes`,
    measured: `${sum.toFixed(2)} MiB (${parts})`,
    holds: sum <= IDLE_MIB_MAX,
  };
}
