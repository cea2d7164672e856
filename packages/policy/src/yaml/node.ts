/** A YAML tree as the reader needs it: values, and where they begin. Layout and comments are left to the library's document. */

export interface YamlScalar {
  kind: "scalar";
  offset: number;
  value: unknown;
  /** The text without quotes; of numbers and words as written; of an alias with its `*`. */
  source: string;
  mark: Mark;
}
export interface YamlPair {
  /** Null where the key is no scalar. */
  key: YamlScalar | null;
  keyOffset: number;
  keyMark: Mark;
  node: YamlNode | null;
}
export interface YamlMap {
  kind: "map";
  offset: number;
  pairs: YamlPair[];
  mark: Mark;
}
export interface YamlList {
  kind: "list";
  offset: number;
  items: (YamlNode | null)[];
  mark: Mark;
}
export type YamlNode = YamlScalar | YamlMap | YamlList;
/** What no policy may carry: an anchor or alias, or else a tag by its name. */
export type Mark = "anchor" | `!${string}` | null;

export const isEmptyNode = (node: YamlNode | null): boolean =>
  node === null || (node.kind === "scalar" && node.value === null && node.source === "");
