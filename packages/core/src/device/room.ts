/**
 * Threat: somebody who is nobody begins logins until no other program finds room. Invariant: there is always room for one more; what goes
 * for it is of the same host, or of the same network, where those have their share, and else of the network that has the most. Of
 * those it is the one that has not asked for the longest: a program that somebody waits before asks every few seconds.
 */
import { hostOf, prefixOf } from "../auth/address.ts";
import { WAITING_MAX, WAITING_OF_HOST_MAX, WAITING_OF_PREFIX_MAX } from "./limits.ts";

export interface Waiting {
  id: string;
  sourceAddress: string | null;
  createdAt: Date;
  lastPolledAt: Date | null;
}

/** Which of those that wait goes for one more from this address; null where none has to. */
export function whoGoes(waiting: readonly Waiting[], address: string | undefined): string | null {
  if (address !== undefined) {
    const known = waiting.filter(({ sourceAddress }) => sourceAddress !== null);
    const [host, prefix] = [hostOf(address), prefixOf(address)];
    const ofHost = known.filter((one) => hostOf(one.sourceAddress ?? "") === host);
    if (ofHost.length >= WAITING_OF_HOST_MAX) return quietest(ofHost);
    const ofPrefix = known.filter((one) => prefixOf(one.sourceAddress ?? "") === prefix);
    if (ofPrefix.length >= WAITING_OF_PREFIX_MAX) return quietest(ofPrefix);
  }
  if (waiting.length < WAITING_MAX) return null;
  // Those of whom nothing is known are one network.
  const largest = [...networksOf(waiting).values()].reduce((most, one) => (one.length > most.length ? one : most), []);
  return quietest(largest);
}

const networkOf = ({ sourceAddress }: Waiting): string => (sourceAddress === null ? "" : prefixOf(sourceAddress));

function networksOf(waiting: readonly Waiting[]): Map<string, Waiting[]> {
  const found = new Map<string, Waiting[]>();
  for (const one of waiting) {
    const there = found.get(networkOf(one));
    if (there === undefined) found.set(networkOf(one), [one]);
    else there.push(one);
  }
  return found;
}

const heardAt = ({ lastPolledAt, createdAt }: Waiting): number => (lastPolledAt ?? createdAt).getTime();
const quietest = (among: readonly Waiting[]): string | null =>
  among.reduce<Waiting | null>((one, other) => (one === null || heardAt(other) < heardAt(one) ? other : one), null)
    ?.id ?? null;
