import { creelSubject, requestOf } from "./creel.ts";
import { figuresOf, timeCalls } from "./measure.ts";
import { casbinPeer, cedarPeer, type Peer } from "./peers.ts";
import { type Asked, type Rule, requestsFor, type Shape, shapes } from "./rules.ts";
import type { Claim, Row, Table } from "./table.ts";

export const SIZES = [10, 100, 1_000, 10_000];
/** At least as many requests as rules, so that no figure lives on a few rules that stay in the cache. */
const REQUESTS_MIN = 2_000;
/** Enough calls for a p99 that a few slow moments of the machine do not make. */
const OURS = { runsMax: 40_000, msMax: 4_000 };
const THEIRS = { runsMax: 2_000, msMax: 2_500 };
const P50_US_MAX = 5;
const GROWTH_MAX = 2;
const FASTER_MIN = 50;
const COMPILE_MS_MAX = 200;
/** The peers slow down beyond this with nothing new to tell, and casbin's loading alone takes minutes. */
const PEER_RULES_MAX = 10_000;

/** A comparison means something only where all give the same answers; checked before anything is timed. */
export function agree(): void {
  for (const shape of shapes) {
    const rules = shape.rules(40);
    const asked = requestsFor(rules, 400);
    const creel = creelSubject(rules);
    const cedar = cedarPeer(rules, `agree ${shape.name}`);
    let allowed = 0;
    for (const one of asked) {
      const ours = creel.allows(requestOf(one));
      if (ours) allowed += 1;
      mustAgree(ours, cedar, one);
    }
    if (allowed < asked.length / 4) throw new Error(`The requests of "${shape.name}" are nearly all denied.`);
  }
}

function mustAgree(ours: boolean, peer: Peer, asked: Asked): void {
  if (peer.allows(asked) !== ours)
    throw new Error(`${peer.name} says ${ours ? "deny" : "allow"} where Creel does not: ${JSON.stringify(asked)}`);
}

interface Measured {
  size: number;
  creelUs: number;
  peers: { name: string; us: number }[];
  compileMs: number;
}

export async function decideTables(): Promise<{ tables: Table[]; claims: Claim[] }> {
  const tables: Table[] = [];
  const claims: Claim[] = [];
  const compiling: Row[] = [];
  for (const shape of shapes) {
    const rows: Row[] = [];
    const measured: Measured[] = [];
    for (const size of SIZES) measured.push(await measure(shape, size, rows, compiling));
    tables.push({ title: `One decision: ${shape.name}`, unit: "µs", rows });
    claims.push(...claimsOf(shape, measured));
  }
  tables.push({ title: "Making rules ready to be asked", unit: "ms", rows: compiling });
  return { tables, claims };
}

async function measure(shape: Shape, size: number, rows: Row[], compiling: Row[]): Promise<Measured> {
  const rules: Rule[] = shape.rules(size);
  const asked = requestsFor(rules, Math.max(REQUESTS_MIN, size));
  const requests = asked.map(requestOf);
  const creel = creelSubject(rules);
  const again = creelSubject(rules);
  const compileMs = Math.min(creel.compileMs, again.compileMs);
  // What is compiled when it is first asked is counted here, not hidden.
  const first = timeCalls(requests, creel.allows, { runsMax: requests.length, msMax: 10_000 });
  const ours = timeCalls(requests, creel.allows, OURS);
  rows.push(
    { name: `creel, ${size} rules`, ...ours, base: null },
    { name: `creel, ${size} rules, each request the first of its kind`, ...first, base: null },
  );
  compiling.push({
    name: `creel, ${size} rules, ${shape.name}`,
    ...figuresOf([creel.compileMs, again.compileMs]),
    base: null,
    note: `and ${Math.min(creel.parseMs, again.parseMs).toFixed(0)} ms to read the file`,
  });
  const peers: Measured["peers"] = [];
  for (const peer of size > PEER_RULES_MAX ? [] : await peersOf(rules, `${shape.name} ${size}`)) {
    for (const one of asked.slice(0, 20)) mustAgree(creel.allows(requestOf(one)), peer, one);
    const theirs = timeCalls(asked, peer.allows, THEIRS);
    rows.push({ name: `${peer.name}, ${size} rules`, ...theirs, base: ours.median });
    compiling.push({
      name: `${peer.name}, ${size} rules, ${shape.name}`,
      ...figuresOf([peer.loadMs]),
      base: compileMs,
    });
    peers.push({ name: peer.name, us: theirs.median });
  }
  return { size, creelUs: ours.median, peers, compileMs };
}

const peersOf = async (rules: readonly Rule[], id: string): Promise<Peer[]> => [
  cedarPeer(rules, id),
  await casbinPeer(rules),
];

function claimsOf(shape: Shape, measured: readonly Measured[]): Claim[] {
  const at = (size: number): Measured | undefined => measured.find((one) => one.size === size);
  const [small, thousand, large] = [at(10), at(1_000), at(10_000)];
  if (small === undefined || thousand === undefined || large === undefined) return [];
  const growth = large.creelUs / small.creelUs;
  return [
    {
      claim: `${shape.name}: a decision takes at most ${P50_US_MAX} µs at 1,000 rules`,
      measured: `${thousand.creelUs.toFixed(2)} µs`,
      holds: thousand.creelUs <= P50_US_MAX,
    },
    {
      claim: `${shape.name}: from 10 to 10,000 rules at most ${GROWTH_MAX} times as long`,
      measured: `${growth.toFixed(2)} times`,
      holds: growth <= GROWTH_MAX,
    },
    {
      claim: `${shape.name}: 10,000 rules compile in ${COMPILE_MS_MAX} ms`,
      measured: `${large.compileMs.toFixed(0)} ms`,
      holds: large.compileMs <= COMPILE_MS_MAX,
    },
    ...measured.flatMap(({ size, creelUs, peers }) =>
      peers.map(({ name, us }) => ({
        claim: `${shape.name}: at least ${FASTER_MIN} times as fast as ${name} at ${size.toLocaleString("en")} rules`,
        measured: `${(us / creelUs).toFixed(0)} times`,
        holds: us / creelUs >= FASTER_MIN,
      })),
    ),
  ];
}
