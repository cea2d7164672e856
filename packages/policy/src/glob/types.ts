/** What the reading of a pattern, its machine and its shapes speak of to each other. */

export interface GlobOptions {
  /** What `*` does not cross: `/` in paths, `.` in hosts, nothing in plain values. */
  separator: "/" | "." | "";
  /** Another case of the same letter counts (`glob/fold.ts`); used where a deny must not be slipped past by it. */
  ignoreCase?: boolean;
}

export type GlobMatcher = (text: string) => boolean;

export type GlobToken =
  | { kind: "char"; code: number }
  | { kind: "one" }
  | { kind: "class"; negated: boolean; ranges: [number, number][] }
  | { kind: "star" }
  | { kind: "globstar" }
  /** `**` as a whole segment followed by `/`: nothing, or anything that ends in `/`. */
  | { kind: "segments" };
