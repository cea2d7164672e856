/**
 * Many patterns at once: which of them could match a text? A tree over the tokens of the patterns, walked by the text as one set of
 * states. Threat: a decision that grows with the file, so that a sandbox may slow its gateway. Invariant: it only finds; it never leaves
 * out a pattern that matches, and may name some that do not, so the matcher itself has the last word.
 *
 * A pattern stands at the shallowest node where few others stand too, so the tree is as deep as patterns are alike.
 */
import { globTokens, hasWildcard } from "../glob.ts";
import { foldCode } from "./fold.ts";
import type { GlobOptions } from "./types.ts";

/** More than this at one node are told apart by their next token; fewer are cheaper to try one by one. */
const WAITING_MAX = 2;

/** Tokens as small numbers: a character by its code, wildcards below zero. */
const ONE = -1;
const STAR = -2;
const GLOBSTAR = -3;
const SEGMENTS = -4;

interface Waiting<T> {
  tokens: readonly number[];
  item: T;
}

interface Node<T> {
  depth: number;
  /** What the node does with a character besides its children: nothing, stay within the segment, stay, or stay and pass on at a separator. */
  loop: 0 | typeof STAR | typeof GLOBSTAR | typeof SEGMENTS;
  /** Found as soon as the node is reached: patterns that end here, and such as need no telling apart. */
  items: T[];
  /** Not told apart yet; null once the node has children. */
  waiting: Waiting<T>[] | null;
  /** The only character that leads on and its child, where it is one: most nodes lie on the beginning that patterns share. */
  onlyCode: number;
  onlyChild: Node<T> | null;
  /** All children by their character, where there are several. */
  chars: Map<number, Node<T>> | null;
  one: Node<T> | null;
  /** Reached together with this node, because a wildcard may stand for nothing. */
  empty: Map<number, Node<T>> | null;
  /** Of a SEGMENTS node: what begins behind a separator. */
  behind: Node<T> | null;
  step: number;
  walk: number;
}

function newNode<T>(depth: number, loop: Node<T>["loop"]): Node<T> {
  return {
    depth,
    loop,
    items: [],
    waiting: [],
    onlyCode: -1,
    onlyChild: null,
    chars: null,
    one: null,
    empty: null,
    behind: null,
    step: 0,
    walk: 0,
  };
}

export class GlobTrie<T> {
  private readonly root: Node<T> = newNode(0, 0);
  private readonly separator: GlobOptions["separator"];
  private readonly separatorCode: number;
  private readonly ignoreCase: boolean;
  private step = 0;
  private walks = 0;
  /** The states now and behind the next character; kept between searches, so only the first `…Count` count. */
  private active: Node<T>[] = [];
  private activeCount = 0;
  private next: Node<T>[] = [];
  private nextCount = 0;

  constructor({ separator, ignoreCase = false }: GlobOptions) {
    this.separator = separator;
    this.separatorCode = separator === "" ? -1 : separator.charCodeAt(0);
    this.ignoreCase = ignoreCase;
  }

  add(pattern: string, item: T): void {
    const tokens = codesOf(pattern, this.separator);
    if (this.ignoreCase) for (const [at, token] of tokens.entries()) if (token >= 0) tokens[at] = foldCode(token);
    this.place(this.root, { tokens, item });
  }

  private place(start: Node<T>, first: Waiting<T>): void {
    const open: [Node<T>, Waiting<T>][] = [[start, first]];
    for (let top = open.pop(); top !== undefined; top = open.pop()) {
      const [from, pattern] = top;
      let node = from;
      while (node.waiting === null && node.depth < pattern.tokens.length) node = childOf(node, pattern.tokens);
      if (node.depth >= pattern.tokens.length) {
        node.items.push(pattern.item);
        continue;
      }
      node.waiting?.push(pattern);
      if (node.waiting === null || node.waiting.length <= WAITING_MAX) continue;
      for (const waiting of node.waiting) open.push([node, waiting]);
      node.waiting = null;
    }
  }

  /** Appends to `found` every item whose pattern could match the text, each once. `text` is folded already where case does not count. */
  search(text: string, found: T[]): void {
    this.walks++;
    this.step++;
    this.nextCount = 0;
    this.enter(this.root, found);
    this.turn();
    for (let at = 0; at < text.length && this.activeCount > 0; at++) {
      const code = text.charCodeAt(at);
      const only = this.activeCount === 1 ? this.active[0] : undefined;
      if (only !== undefined && only.loop === STAR && code !== this.separatorCode && this.leadsOnlyOn(only)) {
        // Within a segment nothing else can happen.
        const end = text.indexOf(this.separator, at);
        if (end === -1) return;
        at = end - 1;
        continue;
      }
      if (only !== undefined && isPlain(only)) {
        const child = childAt(only, code);
        if (child === undefined) return;
        if (isPlain(child)) {
          this.collect(child, found);
          this.active[0] = child;
          continue;
        }
      }
      this.advance(code, found);
    }
  }

  /** One character, for all states. */
  private advance(code: number, found: T[]): void {
    const isSeparator = code === this.separatorCode;
    this.step++;
    this.nextCount = 0;
    for (let i = 0; i < this.activeCount; i++) {
      const node = this.active[i];
      if (node === undefined) continue;
      if (node.loop !== 0 && (node.loop !== STAR || !isSeparator)) this.enter(node, found);
      if (isSeparator && node.behind !== null) this.enter(node.behind, found);
      const child = childAt(node, code);
      if (child !== undefined) this.enter(child, found);
      if (node.one !== null && !isSeparator) this.enter(node.one, found);
    }
    this.turn();
  }

  private turn(): void {
    const { active, next, nextCount } = this;
    this.active = next;
    this.activeCount = nextCount;
    this.next = active;
  }

  /** A `*` behind which only a separator follows. */
  private leadsOnlyOn(node: Node<T>): boolean {
    return node.one === null && node.empty === null && node.onlyChild !== null && node.onlyCode === this.separatorCode;
  }

  private enter(node: Node<T>, found: T[]): void {
    if (node.step === this.step) return;
    node.step = this.step;
    this.collect(node, found);
    if (node.onlyChild !== null || node.chars !== null || node.one !== null || node.behind !== null)
      this.next[this.nextCount++] = node;
    if (node.empty !== null) for (const child of node.empty.values()) this.enter(child, found);
  }

  private collect(node: Node<T>, found: T[]): void {
    if (node.walk === this.walks) return;
    node.walk = this.walks;
    for (const item of node.items) found.push(item);
    if (node.waiting !== null) for (const { item } of node.waiting) found.push(item);
  }
}

function codesOf(pattern: string, separator: GlobOptions["separator"]): number[] {
  const codes: number[] = [];
  if (!hasWildcard(pattern)) {
    for (let at = 0; at < pattern.length; at++) codes.push(pattern.charCodeAt(at));
    return codes;
  }
  for (const token of globTokens(pattern, separator)) {
    if (token.kind === "char") codes.push(token.code);
    else if (token.kind === "star") codes.push(STAR);
    else if (token.kind === "globstar") codes.push(GLOBSTAR);
    // A class is looked at more closely by the matcher; here it is any one character.
    else if (token.kind !== "segments") codes.push(ONE);
    // Twice "any segments" is the same once; without it a chain of them would all stay awake.
    else if (codes.at(-1) !== SEGMENTS) codes.push(SEGMENTS);
  }
  return codes;
}

/** A character leads to one child, or nowhere. */
const isPlain = ({ loop, one, empty, behind }: Node<unknown>): boolean =>
  loop === 0 && one === null && empty === null && behind === null;

const childAt = <T>(node: Node<T>, code: number): Node<T> | undefined =>
  node.onlyChild !== null ? (node.onlyCode === code ? node.onlyChild : undefined) : node.chars?.get(code);

function charChildOf<T>(node: Node<T>, code: number): Node<T> {
  const known = childAt(node, code);
  if (known !== undefined) return known;
  const made = newNode<T>(node.depth + 1, 0);
  if (node.onlyChild === null && node.chars === null) {
    node.onlyCode = code;
    node.onlyChild = made;
    return made;
  }
  node.chars ??= new Map();
  if (node.onlyChild !== null) node.chars.set(node.onlyCode, node.onlyChild);
  node.onlyChild = null;
  node.chars.set(code, made);
  return made;
}

/** The node behind the next token, made where it is missing. */
function childOf<T>(node: Node<T>, tokens: readonly number[]): Node<T> {
  const token = tokens[node.depth] ?? ONE;
  const depth = node.depth + 1;
  if (token === ONE) {
    node.one ??= newNode(depth, 0);
    return node.one;
  }
  if (token >= 0) {
    return charChildOf(node, token);
  }
  node.empty ??= new Map();
  if (token !== SEGMENTS) return existingOr(node.empty, token, () => newNode(depth, token === STAR ? STAR : GLOBSTAR));
  // Two nodes: one passes over segments, one stands where a segment begins, which is also here.
  const passing = existingOr(node.empty, SEGMENTS, () => ({
    ...newNode<T>(depth, SEGMENTS),
    waiting: null,
    behind: newNode<T>(depth, 0),
  }));
  const behind = passing.behind ?? newNode<T>(depth, 0);
  node.empty.set(BEHIND, behind);
  return behind;
}
/** The key of the node behind `**\/`, beside that of the node that passes over segments. */
const BEHIND = -5;

function existingOr<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const existing = map.get(key);
  if (existing !== undefined) return existing;
  const made = make();
  map.set(key, made);
  return made;
}
