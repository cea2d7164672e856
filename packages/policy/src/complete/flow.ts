/** Where a cursor stands inside `{…}` and `[…]`, brackets still open included. */
import { YAML_DEPTH_MAX } from "../limits.ts";
import { quotedEnd, unquoted } from "./lines.ts";
import type { Spot, Step } from "./types.ts";

interface Container {
  map: boolean;
  entries: Map<string, string>;
  /** The key whose value is being read. */
  key: string | null;
  /** The scalar being read. */
  token: { from: number; to: number } | null;
}

/** `open` is the offset of the outermost bracket, `end` where the search for its close stops. */
export function walkFlow(given: {
  text: string;
  open: number;
  cursor: number;
  end: number;
  outer: Step[];
}): Spot | null {
  const walk = new Walk(given.text, given.cursor);
  let at = given.open;
  while (at < given.end) {
    if (at >= given.cursor) walk.arrive();
    at = walk.take(at);
    if (walk.closed) break;
  }
  walk.arrive();
  return walk.spot(given.outer);
}

class Walk {
  closed = false;
  private readonly text: string;
  private readonly cursor: number;
  private readonly stack: Container[] = [];
  private met: { container: Container; key: string | null }[] | null = null;
  private wordAtCursor: { from: number; to: number } | null = null;

  constructor(text: string, cursor: number) {
    this.text = text;
    this.cursor = cursor;
  }

  /** Remembers what encloses the cursor. The containers go on filling, so that what stands after the cursor is known too. */
  arrive(): void {
    this.met ??= this.stack.map((container) => ({ container, key: container.key }));
  }

  /** Reads one piece; answers where the next begins. */
  take(at: number): number {
    const char = this.text[at] ?? "";
    const top = this.stack.at(-1);
    if (char === "{" || char === "[") {
      // Deeper than any file that loads.
      if (this.stack.length >= YAML_DEPTH_MAX) this.closed = true;
      this.stack.push({ map: char === "{", entries: new Map(), key: null, token: null });
      return at + 1;
    }
    if (top === undefined) return at + 1;
    if (char === "}" || char === "]" || char === ",") {
      this.finish(top);
      if (char !== ",") this.stack.pop();
      this.closed = this.stack.length === 0;
      return at + 1;
    }
    if (char === ":" && top.map && top.key === null && /[\s,}\]]|^$/.test(this.text[at + 1] ?? "")) {
      const word = top.token;
      this.noteWord(word);
      top.key = word === null ? "" : unquoted(this.text.slice(word.from, word.to));
      top.token = null;
      return at + 1;
    }
    if (/\s/.test(char)) return at + 1;
    const end = char === '"' || char === "'" ? quotedEnd(this.text, at) : at + 1;
    top.token = top.token === null ? { from: at, to: end } : { from: top.token.from, to: end };
    return end;
  }

  spot(outer: readonly Step[]): Spot | null {
    const inner = this.met?.at(-1);
    if (this.met === null || inner === undefined) return null;
    for (const { token } of this.stack) this.noteWord(token);
    const steps: Step[] = [...outer];
    for (const { container, key } of this.met) {
      const isInner = container === inner.container;
      if (!container.map) steps.push({ kind: "item" });
      else if (key !== null) steps.push({ kind: "key", name: key, siblings: () => container.entries });
      else if (!isInner) return null;
    }
    const isKey = inner.container.map && inner.key === null;
    const word = this.wordAtCursor ?? { from: this.cursor, to: this.cursor };
    const siblings = new Map(inner.container.entries);
    const name = unquoted(this.text.slice(word.from, word.to));
    if (isKey) siblings.delete(name);
    return {
      steps,
      place: isKey ? "key" : "value",
      ...word,
      siblings,
      hasColon: isKey && /^\s*:/.test(this.text.slice(word.to, word.to + 8)),
      indent: 0,
      flow: true,
    };
  }

  private finish(top: Container): void {
    const word = top.token;
    this.noteWord(word);
    const value = word === null ? "" : unquoted(this.text.slice(word.from, word.to));
    if (top.map && top.key !== null) top.entries.set(top.key, value);
    top.key = null;
    top.token = null;
  }

  private noteWord(word: { from: number; to: number } | null): void {
    if (word !== null && word.from <= this.cursor && this.cursor <= word.to) this.wordAtCursor = word;
  }
}
