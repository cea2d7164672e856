/** The text that is being written, the saved version it began from, and what of it outlives the page. */

export interface SavedText {
  version: number;
  yaml: string;
}

export interface Draft {
  base: SavedText;
  text: string;
}

export const draftOf = (saved: SavedText): Draft => ({ base: saved, text: saved.yaml });
export const isChanged = ({ base, text }: Draft): boolean => text !== base.yaml;

/** Somebody saved a version that this text has not seen. A list that lags behind one's own save is no such thing. */
export const isOvertaken = ({ base }: Draft, newest: SavedText): boolean => newest.version > base.version;

/** The newest version arrives by itself where nothing of one's own would be lost by it: nothing was written, or it is the same text. */
export function withNewest(draft: Draft, newest: SavedText): Draft {
  if (!isOvertaken(draft, newest)) return draft;
  return isChanged(draft) && draft.text !== newest.yaml ? draft : draftOf(newest);
}

/** One's own save: the text stays, and what comes next is a change of the saved version. */
export const withSaved = (draft: Draft, saved: SavedText): Draft => ({ ...draft, base: saved });

/** Whose text of which policy; another person who signs in to the same tab does not meet it. */
export interface DraftKey {
  actorId: string;
  policyId: string;
}
const keyOf = ({ actorId, policyId }: DraftKey): string => `creel-draft:${actorId}:${policyId}`;

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Keeps what is unsaved, and only that. False where the browser keeps nothing: it is full, or forbids it. */
export function keepDraft(store: Store, key: DraftKey, draft: Draft): boolean {
  try {
    if (isChanged(draft)) store.setItem(keyOf(key), JSON.stringify({ version: draft.base.version, text: draft.text }));
    else store.removeItem(keyOf(key));
    return true;
  } catch {
    return false;
  }
}

/**
 * The text that was left unsaved, upon the version it was written on; null when there is none. The yaml of an older version is not
 * kept beside it: such a text cannot be saved anyway, and undoing all of it leads to the newest.
 */
export function keptDraft(store: Store, key: DraftKey, newest: SavedText): Draft | null {
  try {
    const kept: unknown = JSON.parse(store.getItem(keyOf(key)) ?? "null");
    if (typeof kept !== "object" || kept === null || !("version" in kept) || !("text" in kept)) return null;
    if (typeof kept.version !== "number" || typeof kept.text !== "string" || kept.text === newest.yaml) return null;
    // The lower number: a version must never stand beside the text of an earlier one.
    return { base: { version: Math.min(kept.version, newest.version), yaml: newest.yaml }, text: kept.text };
  } catch {
    return null;
  }
}
