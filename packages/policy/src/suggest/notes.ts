/** What a reviewer should see first. Threat: one odd host among forty honest ones. Each sentence says what was seen, not what to think. */
import { isIpLiteral } from "../canonical/host.ts";
import type { Sightings, TargetEvidence } from "./evidence.ts";
import { HOSTS_PER_DOMAIN_NOTED, LATE_SHARE, LATE_SPAN_MS_MIN, SELDOM_MAX, USUAL_PORTS } from "./limits.ts";
import type { SuggestNote } from "./types.ts";

/** The smaller, the earlier it stands. */
type Weight = 1 | 2 | 3 | 4 | 5;
export interface WeighedNote extends SuggestNote {
  weight: Weight;
}

/** Programs that run what they are given. */
const INTERPRETERS =
  /^((ba|da|z|fi|k)?sh|node|bun|deno|python[\d.]*|perl|ruby|php[\d.]*|lua[\d.]*|env|xargs|busybox|g?awk|tclsh|java)$/;

export function programNotes(entry: string, program: string, targets: readonly TargetEvidence[]): WeighedNote[] {
  const notes: WeighedNote[] = [];
  const name = program.split("/").at(-1) ?? "";
  if (INTERPRETERS.test(name))
    notes.push(note(entry, 4, `\`${name}\` runs whatever it is given, so every script gets what stands here.`));
  for (const [domain, hosts] of hostsByDomain(targets))
    if (hosts.size >= HOSTS_PER_DOMAIN_NOTED)
      notes.push(note(entry, 1, `${hosts.size} names below ${domain} were asked for; data can leave in names.`));
  return notes;
}

export function targetNotes(entry: string, target: TargetEvidence, all: Sightings): WeighedNote[] {
  const { host, port, sightings } = target;
  const where = `${host}:${port}`;
  const notes: WeighedNote[] = [];
  const seldom = sightings.count <= SELDOM_MAX;
  if (isLate(sightings, all))
    notes.push(
      note(entry, 1, `${where} was first seen in the last tenth of the journal's time, ${times(sightings.count)}.`),
    );
  else if (seldom) notes.push(note(entry, 2, `${where} was seen ${times(sightings.count)} only.`));
  if (all.sandboxCount > 1 && sightings.sandboxCount === 1)
    notes.push(note(entry, 2, `${where} was asked for by one sandbox only, of ${all.sandboxCount}.`));
  if (isIpLiteral(host))
    notes.push(note(entry, 1, `${where} is an address without a name, so nothing says whose it is.`));
  if (!USUAL_PORTS.includes(port))
    notes.push(note(entry, 3, `Port ${port} of ${host} is none of the usual web ports.`));
  return notes;
}

export const note = (entry: string, weight: Weight, sentence: string): WeighedNote => ({ entry, weight, sentence });

export function sortedNotes(notes: readonly WeighedNote[]): SuggestNote[] {
  const rank = (a: WeighedNote, b: WeighedNote): number =>
    a.weight - b.weight || compare(a.entry, b.entry) || compare(a.sentence, b.sentence);
  return [...notes].sort(rank).map(({ entry, sentence }) => ({ entry, sentence }));
}
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const times = (count: number): string => (count === 1 ? "once" : `${count} times`);

function isLate(sightings: Sightings, all: Sightings): boolean {
  const span = all.lastMs - all.firstMs;
  return span >= LATE_SPAN_MS_MIN && sightings.firstMs > all.lastMs - span * LATE_SHARE;
}

/** The last two labels; where the owner's part is longer, more names are counted together, which only makes it stricter. */
export const domainOf = (host: string): string => host.split(".").slice(-2).join(".");

export function hostsByDomain(targets: readonly TargetEvidence[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { host } of targets) {
    if (isIpLiteral(host)) continue;
    const hosts = found.get(domainOf(host)) ?? new Set();
    found.set(domainOf(host), hosts.add(host));
  }
  return found;
}
