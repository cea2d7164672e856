import type { YamlNode } from "../yaml/node.ts";
import { quoted } from "../yaml/quote.ts";
import type { Spec } from "./spec.ts";
import type { Faults, Spot } from "./spot.ts";

const SHOWN_CHARS_MAX = 80;

/** An anchor or alias. A pattern that begins with `*` and is not quoted is one too, and is what people mean where a text stands. */
export function anchored(faults: Faults, node: YamlNode, spec: Spec, spot: Spot): undefined {
  const alias = node.kind === "scalar" && node.source.startsWith("*") ? node.source.slice(0, SHOWN_CHARS_MAX) : null;
  if (alias !== null && (spec.kind === "text" || spec.kind === "matcher" || /[./*]/.test(alias.slice(1))))
    return faults.error(
      "anchor",
      spot,
      `\`${alias}\` is not quoted, so YAML reads it as an alias and not as a pattern.`,
      `Quote it: ${quoted(alias)}.`,
    );
  return faults.error(
    "anchor",
    spot,
    "Anchors and aliases are not allowed: a reader must see each value where it counts.",
    "Write the value out.",
  );
}
