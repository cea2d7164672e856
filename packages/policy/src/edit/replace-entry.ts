/** Puts another entry in the place of one, leaving every other byte as it is. */
import { openPolicy } from "../parse.ts";
import { scalarText } from "../print/scalar.ts";
import { PolicyEditError } from "./error.ts";
import { extentOf, spotOf } from "./remove-node.ts";
import type { Snippet } from "./splice.ts";

/** Throws PolicyEditError when the entry holds comments, which would be lost. Null when the layout leaves no safe way. */
export function replaceEntry(text: string, key: string, snippet: Snippet): string | null {
  const spot = spotOf(openPolicy(text).document?.contents, ["network_policies", key]);
  const extent = extentOf(spot?.parent.items[spot.index]);
  if (spot === null || extent === null) return null;
  const { start, end } = extent;
  if (/(^|\s)#/m.test(text.slice(start, end)))
    throw new PolicyEditError(
      `Entry \`${key}\` holds comments, which an update would lose. Move them above the entry first.`,
    );
  const name = scalarText(key);
  if (spot.parent.flow === true) return `${text.slice(0, start)}${name}: ${snippet.flow}${text.slice(end)}`;
  const indent = start - (text.lastIndexOf("\n", start - 1) + 1);
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = snippet.block.map((line) => `${eol}${" ".repeat(indent + 2)}${line}`);
  return `${text.slice(0, start)}${name}:${lines.join("")}${text.slice(end)}`;
}
