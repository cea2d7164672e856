import type { DeniedGroup } from "@creel/core";

/**
 * Threat: an agent that is denied once more changes the list under somebody's hands, and a key allows what stands where
 * the other stood. Invariant: what is acted on is named by its key; a place is only where to go on from, by `moved`.
 */
export interface Cursor {
  key: string;
  /** Where it stood when somebody went there. */
  place: number;
}
type Groups = readonly Pick<DeniedGroup, "key">[];

const indexOf = (groups: Groups, key: string): number => groups.findIndex((group) => group.key === key);

/** On the group with this key; null where there is none. */
export function cursorOn(groups: Groups, key: string): Cursor | null {
  const place = indexOf(groups, key);
  return place < 0 ? null : { key, place };
}

/** One further or one back. Where the group is gone, what now stands in its place is the next one. */
export function moved(groups: Groups, cursor: Cursor | null, by: 1 | -1): Cursor | null {
  const found = cursor === null ? -1 : indexOf(groups, cursor.key);
  const place = cursor === null ? -1 : cursor.place;
  const to = found >= 0 ? found + by : by === 1 && cursor !== null ? place : place + by;
  const group = groups[Math.max(0, Math.min(groups.length - 1, to))];
  return group === undefined ? null : cursorOn(groups, group.key);
}

/** Whom an act is about: all that is selected, else the group under the cursor. Neither is replaced by another that is there. */
export function meantBy<G extends Pick<DeniedGroup, "key">>(
  groups: readonly G[],
  { selected, cursor }: { selected: ReadonlySet<string>; cursor: Cursor | null },
): G[] {
  const isMeant = ({ key }: G): boolean => (selected.size > 0 ? selected.has(key) : key === cursor?.key);
  return groups.filter(isMeant);
}

/** Where to go once these are dealt with: to the next of the list as it was shown then, else to the one before. */
export function landing(
  groups: Groups,
  { cursor, gone }: { cursor: Cursor | null; gone: ReadonlySet<string> },
): Cursor | null {
  if (cursor === null || !gone.has(cursor.key)) return cursor;
  const at = indexOf(groups, cursor.key);
  if (at < 0) return cursor;
  const stays = ({ key }: { key: string }): boolean => !gone.has(key);
  const next = groups.slice(at + 1).find(stays) ?? groups.slice(0, at).findLast(stays);
  return next === undefined ? cursor : cursorOn(groups, next.key);
}
