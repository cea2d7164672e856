/**
 * A set of patterns, each with what hangs on it, asked for those that match a text. The answer is exactly what `compileGlob` says of
 * each pattern by itself; `GlobTrie` only spares asking most of them.
 */
import { compileGlob, hasWildcard } from "../glob.ts";
import { foldText } from "./fold.ts";
import { GlobTrie } from "./trie.ts";
import type { GlobMatcher, GlobOptions } from "./types.ts";

/** One pattern of a set; compiled when it is first asked, because most never are. */
export class GlobLeaf<T> {
  readonly pattern: string;
  /** In the order in which they were added. */
  readonly items: T[] = [];
  private readonly compile: (pattern: string) => GlobMatcher;
  private matcher: GlobMatcher | null = null;

  constructor(pattern: string, compile: (pattern: string) => GlobMatcher) {
    this.pattern = pattern;
    this.compile = compile;
  }
  matches(text: string): boolean {
    this.matcher ??= this.compile(this.pattern);
    return this.matcher(text);
  }
  matchesAny(texts: readonly string[]): boolean {
    for (const text of texts) if (this.matches(text)) return true;
    return false;
  }
}

/** Up to here it is cheaper to try all patterns than to walk a tree. */
const TRIED_ONE_BY_ONE_MAX = 3;

/** So many texts are readings of one and the same, and may be compared with each other. */
const READINGS_MAX = 8;

export class GlobSet<T> {
  private readonly byPattern = new Map<string, GlobLeaf<T>>();
  /** Plain patterns by their text, folded where case does not count. */
  private readonly plain = new Map<string, GlobLeaf<T>[]>();
  private readonly wild: GlobLeaf<T>[] = [];
  private trie: GlobTrie<GlobLeaf<T>> | null = null;
  private readonly options: GlobOptions;
  private readonly compile: (pattern: string) => GlobMatcher;

  /** `compile` may narrow what a pattern matches, never widen it. */
  constructor(options: GlobOptions, compile?: (pattern: string) => GlobMatcher) {
    this.options = options;
    this.compile = compile ?? ((pattern) => compileGlob(pattern, options));
  }

  get isEmpty(): boolean {
    return this.byPattern.size === 0;
  }

  add(pattern: string, item: T): void {
    this.leafOf(pattern).items.push(item);
  }

  /** What hangs on this very pattern; it is there afterwards. */
  leafOf(pattern: string): GlobLeaf<T> {
    const known = this.byPattern.get(pattern);
    if (known !== undefined) return known;
    const leaf = new GlobLeaf<T>(pattern, this.compile);
    this.byPattern.set(pattern, leaf);
    if (hasWildcard(pattern)) {
      this.wild.push(leaf);
      this.trie?.add(pattern, leaf);
    } else {
      const key = this.fold(pattern);
      const same = this.plain.get(key);
      if (same === undefined) this.plain.set(key, [leaf]);
      else same.push(leaf);
    }
    return leaf;
  }

  /** Each pattern that matches at least one of the texts, once, in no particular order. */
  find(texts: readonly string[]): GlobLeaf<T>[] {
    if (this.byPattern.size === 0) return [];
    const found: GlobLeaf<T>[] = [];
    if (this.plain.size > 0) this.findPlain(texts, found);
    if (this.wild.length > 0) {
      if (this.wild.length <= TRIED_ONE_BY_ONE_MAX) findAmong(this.wild, texts, found);
      else if (texts.length <= READINGS_MAX) findAmong(this.candidates(texts), texts, found);
      // Of many texts each is asked about its own candidates alone.
      else for (const text of texts) findAmong(this.candidates([text]), [text], found);
    }
    return texts.length > 1 && found.length > 1 ? [...new Set(found)] : found;
  }

  private findPlain(texts: readonly string[], found: GlobLeaf<T>[]): void {
    for (const text of texts) {
      const leaves = this.plain.get(this.fold(text));
      if (leaves !== undefined) for (const leaf of leaves) if (leaf.matches(text)) found.push(leaf);
    }
  }

  private candidates(texts: readonly string[]): GlobLeaf<T>[] {
    if (this.trie === null) {
      this.trie = new GlobTrie(this.options);
      for (const leaf of this.wild) this.trie.add(leaf.pattern, leaf);
    }
    const found: GlobLeaf<T>[] = [];
    for (const text of texts) {
      // The walk of a longer text that begins with this one passes everything that this one would.
      if (texts.some((other) => other.length > text.length && other.startsWith(text))) continue;
      this.trie.search(this.fold(text), found);
    }
    return found;
  }

  private fold(text: string): string {
    return this.options.ignoreCase === true ? foldText(text) : text;
  }
}

function findAmong<T>(leaves: readonly GlobLeaf<T>[], texts: readonly string[], found: GlobLeaf<T>[]): void {
  for (const leaf of leaves) if (leaf.matchesAny(texts)) found.push(leaf);
}

/** One matcher for several patterns of which one must match; of many, a set is asked. */
export function anyOf(patterns: readonly string[], options: GlobOptions): GlobMatcher {
  if (patterns.length > LISTED_MAX) {
    const set = new GlobSet<true>(options);
    for (const pattern of patterns) set.leafOf(pattern);
    return (text) => set.find([text]).length > 0;
  }
  const globs = patterns.map((pattern) => compileGlob(pattern, options));
  const [only] = globs;
  return only !== undefined && globs.length === 1 ? only : (text) => globs.some((glob) => glob(text));
}
/** Up to here a list is tried one by one. */
const LISTED_MAX = 8;
