import type { HeaderPair } from "../http/headerPair.ts";
import { FIELD_VALUE, TOKEN } from "./grammar.ts";

/**
 * A head as it goes out. Invariant: what is written is one line for each pair, whoever made the pair; a name or a value that would be
 * read as anything else is never written. Throws on such.
 */
export function writeHead(first: string, headers: readonly HeaderPair[]): string {
  if (!FIELD_VALUE.test(first)) throw new Error("The first line cannot be written.");
  let text = `${first}\r\n`;
  for (const [name, value] of headers) {
    if (!TOKEN.test(name) || !FIELD_VALUE.test(value))
      throw new Error(`The header ${JSON.stringify(name)} cannot be written.`);
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}
