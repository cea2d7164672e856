/**
 * As much of GraphQL as names the operation and its root fields (spec October 2021, section 2). Threat: a field hidden by an alias,
 * a fragment or a second operation. Invariant: what cannot be read wholly is refused; time is linear, depth and tokens are bounded.
 */
import { GRAPHQL_DEPTH_MAX, GRAPHQL_TOKENS_MAX } from "../limits.ts";

export interface GraphqlDocument {
  operations: { type: "query" | "mutation" | "subscription"; name: string | null; fields: string[] }[];
}

type Selection = { field: string } | { spread: string } | { inline: Selection[] };
class Unreadable extends Error {}

const TOKEN =
  /[\s,\uFEFF]+|#[^\n\r]*|"""(?:\\"""|(?!""")[\s\S])*"""|"(?:\\.|[^"\\\n\r])*"|\.\.\.|[!$&()[\]{}:=@|]|[_A-Za-z][_0-9A-Za-z]*|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text)?.[0];
    if (match === undefined) throw new Unreadable("an unknown character");
    at += match.length;
    if (/^[\s,\uFEFF#]/.test(match)) continue;
    tokens.push(match);
    if (tokens.length > GRAPHQL_TOKENS_MAX) throw new Unreadable("too many tokens");
  }
  return tokens;
}

/** Null when the text is no executable GraphQL document that can be read wholly. */
export function parseGraphql(text: string): GraphqlDocument | null {
  try {
    return new Reader(tokenize(text)).document();
  } catch (error) {
    if (error instanceof Unreadable) return null;
    throw error;
  }
}

const NAME = /^[_A-Za-z]/;

class Reader {
  private at = 0;
  private readonly tokens: readonly string[];
  constructor(tokens: readonly string[]) {
    this.tokens = tokens;
  }

  document(): GraphqlDocument {
    const raw: { type: "query" | "mutation" | "subscription"; name: string | null; selections: Selection[] }[] = [];
    const fragments = new Map<string, Selection[]>();
    while (this.at < this.tokens.length) {
      const token = this.peek();
      if (token === "{") raw.push({ type: "query", name: null, selections: this.selectionSet(0) });
      else if (token === "fragment") {
        this.at++;
        const name = this.name();
        if (fragments.has(name) || this.name() !== "on") throw new Unreadable("a fragment");
        this.name();
        this.directives();
        fragments.set(name, this.selectionSet(0));
      } else if (token === "query" || token === "mutation" || token === "subscription") {
        this.at++;
        const name = NAME.test(this.peek() ?? "") ? this.name() : null;
        if (this.peek() === "(") this.balanced();
        this.directives();
        raw.push({ type: token, name, selections: this.selectionSet(0) });
      } else throw new Unreadable("no executable definition");
    }
    if (raw.length === 0) throw new Unreadable("no operation");
    return {
      operations: raw.map(({ type, name, selections }) => ({ type, name, fields: rootFields(selections, fragments) })),
    };
  }

  private peek(): string | undefined {
    return this.tokens[this.at];
  }
  private take(expected: string): void {
    if (this.tokens[this.at++] !== expected) throw new Unreadable(`no ${expected}`);
  }
  private name(): string {
    const token = this.tokens[this.at++];
    if (token === undefined || !NAME.test(token)) throw new Unreadable("no name");
    return token;
  }

  private selectionSet(depth: number): Selection[] {
    if (depth > GRAPHQL_DEPTH_MAX) throw new Unreadable("too deep");
    this.take("{");
    const selections: Selection[] = [];
    while (this.peek() !== "}") selections.push(this.selection(depth));
    this.take("}");
    if (selections.length === 0) throw new Unreadable("an empty selection");
    return selections;
  }

  private selection(depth: number): Selection {
    if (this.peek() === "...") {
      this.at++;
      const next = this.peek();
      if (next !== undefined && NAME.test(next) && next !== "on") {
        const spread = this.name();
        this.directives();
        return { spread };
      }
      if (next === "on") {
        this.at++;
        this.name();
      }
      this.directives();
      return { inline: this.selectionSet(depth + 1) };
    }
    let field = this.name();
    if (this.peek() === ":") {
      this.at++;
      field = this.name();
    }
    if (this.peek() === "(") this.balanced();
    this.directives();
    if (this.peek() === "{") this.selectionSet(depth + 1);
    return { field };
  }

  private directives(): void {
    while (this.peek() === "@") {
      this.at++;
      this.name();
      if (this.peek() === "(") this.balanced();
    }
  }

  /** Arguments and variable definitions: only their end matters. */
  private balanced(): void {
    const closing: string[] = [];
    do {
      const token = this.tokens[this.at++];
      if (token === undefined) throw new Unreadable("an open bracket");
      if (token === "(") closing.push(")");
      else if (token === "[") closing.push("]");
      else if (token === "{") closing.push("}");
      else if (/^[)\]}]$/.test(token) && closing.pop() !== token) throw new Unreadable("crossed brackets");
    } while (closing.length > 0);
  }
}

function rootFields(selections: readonly Selection[], fragments: ReadonlyMap<string, Selection[]>): string[] {
  const fields = new Set<string>();
  // Each fragment is opened once: a second spread adds nothing, and a cycle ends.
  const opened = new Set<string>();
  const open: Selection[] = [...selections];
  for (let selection = open.pop(); selection !== undefined; selection = open.pop()) {
    if ("field" in selection) fields.add(selection.field);
    else if ("inline" in selection) open.push(...selection.inline);
    else if (!opened.has(selection.spread)) {
      opened.add(selection.spread);
      const fragment = fragments.get(selection.spread);
      if (fragment === undefined) throw new Unreadable("an unknown fragment");
      open.push(...fragment);
    }
  }
  return [...fields];
}
