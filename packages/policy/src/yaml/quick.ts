/**
 * Reads the YAML that policies are written in, in one pass: block and flow collections, plain and quoted words on one line, comments.
 * Threat: a second reader that understands a file differently from the first. Invariant: what is not plainly of this small language
 * is declined and left to the library, never guessed; a property test holds both to the same tree.
 */
import { CST } from "yaml";
import type { YamlList, YamlMap, YamlNode, YamlScalar } from "./node.ts";
import { plainValue } from "./plain-value.ts";

/** Ten thousand entries of common size have 250,000; more is left to the library's own bounds. */
const NODES_MAX = 1_000_000;
/** The deepest field of a policy lies at 10. */
const DEPTH_MAX = 32;
/** YAML ends implicit keys at 1,024 characters. */
const KEY_CHARS_MAX = 1000;

const BYTE_ORDER_MARK = "\uFEFF";
const TAB = 9;
const LINE_FEED = 10;
const RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const HASH = 35;
const APOSTROPHE = 39;
const COMMA = 44;
const DASH = 45;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const OPEN_LIST = 91;
const BACKSLASH = 92;
const CLOSE_LIST = 93;
const OPEN_MAP = 123;
const CLOSE_MAP = 125;
/** Characters that begin something else than a plain word; `-`, `?` and `:` sometimes may, which is left to the library. */
const NO_PLAIN_START = new Set([..."-?:,[]{}#&*!|>'\"%@`"].map((c) => c.charCodeAt(0)));

class Declined extends Error {}
const declined = new Declined("left to the library");
function decline(): never {
  throw declined;
}

/** Undefined when the text is left to the library; null when it holds nothing. */
export function readQuickly(text: string): YamlNode | null | undefined {
  try {
    return new QuickReader(text).read();
  } catch (error) {
    if (error === declined) return undefined;
    throw error;
  }
}

class QuickReader {
  private readonly text: string;
  private at = 0;
  private lineStart = 0;
  /** Of the content at `at`; -1 at the end of the file. */
  private column = 0;
  private nodes = 0;
  private depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  read(): YamlNode | null {
    // A byte order mark counts as nothing at the beginning of a document, and as a letter elsewhere.
    if (this.text.includes(BYTE_ORDER_MARK)) decline();
    this.toContent();
    if (this.column === 0 && this.text.startsWith("---", this.at)) {
      this.at += 3;
      this.endLine();
    }
    this.refuseMarker();
    if (this.column === -1) return null;
    const root = this.blockNode(-1);
    // Anything left is a second value or a slip of indentation.
    return this.column === -1 ? root : decline();
  }

  private count(): void {
    if (++this.nodes > NODES_MAX) decline();
  }
  private enter(): void {
    if (++this.depth > DEPTH_MAX) decline();
    this.count();
  }

  /** From anywhere between words to the next content, over spaces, comments and lines. */
  private toContent(): void {
    const { text } = this;
    let at = this.at;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === SPACE) at++;
      else if (code === LINE_FEED) this.lineStart = ++at;
      else if (code === RETURN && text.charCodeAt(at + 1) === LINE_FEED) at++;
      else if (code === HASH) at = this.lineEnd(at);
      else break;
    }
    this.at = at;
    this.column = at >= text.length ? -1 : at - this.lineStart;
  }

  private lineEnd(from: number): number {
    const end = this.text.indexOf("\n", from);
    return end === -1 ? this.text.length : end;
  }

  /** Behind a value only a comment may stand, and the file's next content is looked for. */
  private endLine(): void {
    const { text } = this;
    const from = this.at;
    while (text.charCodeAt(this.at) === SPACE) this.at++;
    const code = text.charCodeAt(this.at);
    const isEnd = this.at >= text.length || code === LINE_FEED || this.isReturn(this.at);
    if (!isEnd && !(code === HASH && this.at > from)) decline();
    this.toContent();
    this.refuseMarker();
  }

  /** Marks of documents and directives begin at the first column. */
  private refuseMarker(): void {
    if (this.column !== 0) return;
    const { text, at } = this;
    if (text.startsWith("---", at) || text.startsWith("...", at) || text[at] === "%") decline();
  }

  private isReturn(at: number): boolean {
    return this.text.charCodeAt(at) === RETURN && this.text.charCodeAt(at + 1) === LINE_FEED;
  }
  private isBlankAt(at: number): boolean {
    const code = this.text.charCodeAt(at);
    return at >= this.text.length || code === SPACE || code === LINE_FEED || this.isReturn(at);
  }

  private isDash(): boolean {
    return this.text.charCodeAt(this.at) === DASH && this.isBlankAt(this.at + 1);
  }

  /** A value at `at`; afterwards `at` is at the next content, which belongs to somebody further out. */
  private blockNode(parentColumn: number): YamlNode {
    if (this.isDash()) return this.blockList(this.column);
    const start = this.at;
    const { column } = this;
    const key = this.key();
    if (key !== null) return this.blockMap(column, key);
    this.at = start;
    return this.inlineNode(parentColumn);
  }

  /** A value that ends on its line, or a flow collection. */
  private inlineNode(parentColumn: number): YamlNode {
    const node = this.word(parentColumn, false);
    this.endLine();
    // Deeper lines would go on with the value.
    if (this.column > parentColumn) decline();
    return node;
  }

  private blockMap(column: number, first: YamlScalar): YamlMap {
    this.enter();
    const map: YamlMap = { kind: "map", offset: first.offset, pairs: [], mark: null };
    let key: YamlScalar = first;
    for (;;) {
      const node = this.valueOf(column);
      map.pairs.push({ key, keyOffset: key.offset, keyMark: null, node });
      if (this.column < column) break;
      if (this.column > column || this.isDash()) decline();
      key = this.key() ?? decline();
    }
    this.depth--;
    return map;
  }

  /** Behind a key's colon. */
  private valueOf(column: number): YamlNode {
    const { text } = this;
    const from = this.at;
    while (text.charCodeAt(this.at) === SPACE) this.at++;
    const code = text.charCodeAt(this.at);
    const isOnLine = this.at < text.length && code !== LINE_FEED && code !== HASH && !this.isReturn(this.at);
    if (isOnLine) return this.inlineNode(column);
    this.at = from;
    this.endLine();
    if (this.column > column) return this.blockNode(column);
    if (this.column === column && this.isDash()) return this.blockList(column);
    return this.empty(from);
  }

  private empty(offset: number): YamlScalar {
    this.count();
    return { kind: "scalar", offset, value: null, source: "", mark: null };
  }

  private blockList(column: number): YamlList {
    this.enter();
    const list: YamlList = { kind: "list", offset: this.at, items: [], mark: null };
    while (this.column === column && this.isDash()) {
      const from = ++this.at;
      while (this.text.charCodeAt(this.at) === SPACE) this.at++;
      const code = this.text.charCodeAt(this.at);
      const isOnLine = this.at < this.text.length && code !== LINE_FEED && code !== HASH && !this.isReturn(this.at);
      if (!isOnLine) {
        this.at = from;
        this.endLine();
      } else this.column = this.at - this.lineStart;
      list.items.push(this.column > column ? this.blockNode(column) : this.empty(from));
    }
    if (this.column > column) decline();
    this.depth--;
    return list;
  }

  /** A key with its colon; null where none stands, and then `at` may be anywhere on the line. */
  private key(): YamlScalar | null {
    const { text } = this;
    const start = this.at;
    const code = text.charCodeAt(start);
    if (code === OPEN_LIST || code === OPEN_MAP) return null;
    const isQuoted = code === QUOTE || code === APOSTROPHE;
    const key = isQuoted ? this.quoted(code) : this.plain(false);
    if (text.charCodeAt(this.at) !== COLON || !this.isBlankAt(this.at + 1)) return null;
    if (this.at - start > KEY_CHARS_MAX) decline();
    this.at++;
    return key;
  }

  private word(parentColumn: number, isFlow: boolean): YamlNode {
    const code = this.text.charCodeAt(this.at);
    if (code === OPEN_LIST) return this.flowList(parentColumn);
    if (code === OPEN_MAP) return this.flowMap(parentColumn);
    if (code === QUOTE || code === APOSTROPHE) return this.quoted(code);
    return this.plain(isFlow);
  }

  private plain(isFlow: boolean): YamlScalar {
    this.count();
    const { text } = this;
    const start = this.at;
    if (start >= text.length || (NO_PLAIN_START.has(text.charCodeAt(start)) && !this.isNegative(start))) decline();
    let at = start;
    /** Behind the last character that is no space. */
    let end = start;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === SPACE) continue;
      if (code <= RETURN) {
        if (code === LINE_FEED || this.isReturn(at)) break;
        if (code === TAB || code === RETURN) decline();
      } else if (code === COLON) {
        if (this.isBlankAt(at + 1) || (isFlow && isFlowMark(text.charCodeAt(at + 1)))) {
          // `a :` has its space before the colon.
          if (end !== at) decline();
          break;
        }
      } else if (code === HASH) {
        if (text.charCodeAt(at - 1) === SPACE) break;
      } else if (isFlow && isFlowMark(code)) break;
      end = at + 1;
    }
    this.at = end;
    const source = text.slice(start, end);
    return { kind: "scalar", offset: start, value: plainValue(source), source, mark: null };
  }

  private isNegative(at: number): boolean {
    const next = this.text.charCodeAt(at + 1);
    return this.text.charCodeAt(at) === DASH && next >= ZERO && next <= NINE;
  }

  private quoted(mark: number): YamlScalar {
    this.count();
    const { text } = this;
    const start = this.at;
    let hasEscape = false;
    let at = start + 1;
    for (; ; at++) {
      const code = text.charCodeAt(at);
      if (at >= text.length || code < SPACE) decline();
      if (code === BACKSLASH && mark === QUOTE) {
        hasEscape = true;
        at++;
      } else if (code === mark) {
        if (mark !== APOSTROPHE || text.charCodeAt(at + 1) !== APOSTROPHE) break;
        hasEscape = true;
        at++;
      }
    }
    this.at = at + 1;
    const value = hasEscape ? resolveQuoted(text.slice(start, at + 1), mark) : text.slice(start + 1, at);
    return { kind: "scalar", offset: start, value, source: value, mark: null };
  }

  /** Lines inside brackets must stand deeper than what holds them. */
  private toFlowContent(parentColumn: number): void {
    const from = this.at;
    const line = this.lineStart;
    if (this.text.charCodeAt(from) === HASH && from > 0 && !this.isBlankAt(from - 1)) decline();
    this.toContent();
    if (this.column === -1) decline();
    if (this.lineStart === line) return;
    this.refuseMarker();
    if (this.column <= parentColumn) decline();
  }

  private flowList(parentColumn: number): YamlList {
    this.enter();
    const list: YamlList = { kind: "list", offset: this.at, items: [], mark: null };
    this.at++;
    for (;;) {
      this.toFlowContent(parentColumn);
      if (this.text.charCodeAt(this.at) === CLOSE_LIST) break;
      list.items.push(this.word(parentColumn, true));
      if (this.isLast(parentColumn, CLOSE_LIST)) break;
    }
    this.at++;
    this.depth--;
    return list;
  }

  private flowMap(parentColumn: number): YamlMap {
    this.enter();
    const map: YamlMap = { kind: "map", offset: this.at, pairs: [], mark: null };
    this.at++;
    for (;;) {
      this.toFlowContent(parentColumn);
      const code = this.text.charCodeAt(this.at);
      if (code === CLOSE_MAP) break;
      const isQuoted = code === QUOTE || code === APOSTROPHE;
      const start = this.at;
      const key = isQuoted ? this.quoted(code) : this.plain(true);
      if (this.at - start > KEY_CHARS_MAX || this.text.charCodeAt(this.at) !== COLON) decline();
      this.at++;
      if (!isQuoted && !this.isBlankAt(this.at)) decline();
      this.toFlowContent(parentColumn);
      map.pairs.push({ key, keyOffset: key.offset, keyMark: null, node: this.word(parentColumn, true) });
      if (this.isLast(parentColumn, CLOSE_MAP)) break;
    }
    this.at++;
    this.depth--;
    return map;
  }

  /** At a comma, which is passed, or at the closing bracket. */
  private isLast(parentColumn: number, close: number): boolean {
    this.toFlowContent(parentColumn);
    const code = this.text.charCodeAt(this.at);
    if (code === close) return true;
    if (code !== COMMA) decline();
    this.at++;
    return false;
  }
}

const isFlowMark = (code: number): boolean =>
  code === COMMA || code === OPEN_LIST || code === CLOSE_LIST || code === OPEN_MAP || code === CLOSE_MAP;

/** Escapes by the library; a bad one is declined, so that the library says what is wrong. */
function resolveQuoted(source: string, mark: number): string {
  const type = mark === QUOTE ? "double-quoted-scalar" : "single-quoted-scalar";
  const { value } = CST.resolveAsScalar({ type, offset: 0, indent: 0, source, end: [] }, true, decline);
  return value;
}
