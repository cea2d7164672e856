/** A place in the tree of a file, as a cursor finds it. */

export type Step = { kind: "item" } | { kind: "key"; name: string; siblings: () => ReadonlyMap<string, string> };

export interface Spot {
  /** From the root of the file to the map, list or value that the cursor is in. */
  steps: Step[];
  place: "key" | "value";
  /** Offsets of the word under the cursor. */
  from: number;
  to: number;
  /** The other keys of the map around the cursor, with their plain values. */
  siblings: ReadonlyMap<string, string>;
  hasColon: boolean;
  /** Column of the keys of this map. */
  indent: number;
  flow: boolean;
}
