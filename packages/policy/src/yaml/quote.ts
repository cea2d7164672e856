import type { YamlNode } from "./node.ts";

export const quoted = (text: string): string => JSON.stringify(text);

/** Nothing that YAML reads as anything but a text. */
const PLAIN = /^[A-Za-z/_][A-Za-z0-9/_.-]*$/;
const WORDS = /^(true|false|null|yes|no|on|off)$/i;

/** A value as it may be written in a flow list or map. */
export const flowWord = (text: string): string => (PLAIN.test(text) && !WORDS.test(text) ? text : quoted(text));

/** What a remedy can carry. */
const SHOWN_ITEMS_MAX = 4;
const SHOWN_CHARS_MAX = 60;

/** A small tree on one line, as a remedy shows it; `…` stands for what is too long or nests too far. */
export function flowOf(node: YamlNode | null, depth = 2): string {
  if (node === null || node.mark !== null) return "…";
  if (node.kind === "scalar") {
    const text = node.source.slice(0, SHOWN_CHARS_MAX);
    return typeof node.value === "string" ? flowWord(text) : text;
  }
  if (depth === 0) return node.kind === "map" ? "{…}" : "[…]";
  const parts =
    node.kind === "list"
      ? node.items.slice(0, SHOWN_ITEMS_MAX).map((item) => flowOf(item, depth - 1))
      : node.pairs
          .slice(0, SHOWN_ITEMS_MAX)
          .map(
            ({ key, node: child }) => `${(key?.source ?? "…").slice(0, SHOWN_CHARS_MAX)}: ${flowOf(child, depth - 1)}`,
          );
  const count = node.kind === "list" ? node.items.length : node.pairs.length;
  if (count > SHOWN_ITEMS_MAX) parts.push("…");
  return node.kind === "list" ? `[${parts.join(", ")}]` : `{ ${parts.join(", ")} }`;
}
