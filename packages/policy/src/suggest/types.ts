/** The least policy that covers a journal. */
export interface SuggestNote {
  /** Key of the entry the note speaks of. */
  entry: string;
  /** E.g. "12 paths were joined to /repos/*; they came from 3 days and 40 requests." */
  sentence: string;
}

/** A request of the journal that the suggestion leaves denied on purpose. */
export interface SuggestRefusal {
  binary: string;
  host: string;
  port: number;
  method: string | null;
  path: string | null;
  count: number;
  reason: string;
}

export interface Suggestion {
  /** The whole policy file; with a base, the base with the entries added. */
  yaml: string;
  entries: number;
  covered: number;
  alreadyAllowed: number;
  /** What a reviewer should look at, the most doubtful of each entry first. */
  notes: SuggestNote[];
  /** Most frequent first. */
  refused: SuggestRefusal[];
  /** Refused requests beyond the bound on the list. */
  refusedUnlisted: number;
}
