import type { YamlScalar } from "../yaml/node.ts";
import { nearest } from "./nearest.ts";
import type { Faults, Spot } from "./spot.ts";
import { found, title } from "./words.ts";

/** Fields whose default, which a lenient reader would fall back on, is weaker than a word that was misspelt. */
const WEAKER_WHEN_MISSPELT: readonly string[] = ["enforcement", "compatibility", "access"];

/** Names that people know a protocol by, and the one that judges it here. */
const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ["http", "HTTP is inspected by `protocol: rest`."],
  ["https", "HTTPS is inspected by `protocol: rest`."],
  ["ws", "WebSockets are inspected by `protocol: websocket`."],
  ["wss", "WebSockets are inspected by `protocol: websocket`."],
  ["jsonrpc", "Write `protocol: json-rpc`."],
]);

/** Says that a field of few words has none of them, and which was meant. */
export function unknownValue(
  faults: Faults,
  node: YamlScalar,
  words: readonly (string | number)[],
  spot: Spot,
): undefined {
  const name = spot.field.slice(spot.field.lastIndexOf(".") + 1);
  const weaker = WEAKER_WHEN_MISSPELT.includes(name) && typeof node.value === "string";
  return faults.error(
    "unknown_value",
    spot,
    `${title(spot.field)} cannot be ${found(node)}${weaker ? "; a misspelt value would silently mean something weaker" : ""}.`,
    remedy(node.value, name, words, spot.required === true),
  );
}

function remedy(value: unknown, name: string, words: readonly (string | number)[], required: boolean): string {
  const listed = `Write one of: ${words.join(", ")}.`;
  if (value === null || value === "") return `Write ${words.join(" or ")}${required ? "" : ", or remove the line"}.`;
  if (typeof value === "string" && words.some((word) => typeof word === "number" && String(word) === value))
    return `Drop the quotes: ${value}.`;
  if (name === "version") return "This is version 1 of the language: write `version: 1`.";
  if (typeof value !== "string") return listed;
  const known = name === "protocol" ? PROTOCOLS.get(value.toLowerCase()) : undefined;
  if (known !== undefined) return known;
  const near = nearest(value, words.map(String));
  return near === null ? listed : `Did you mean \`${near}\`? ${listed}`;
}
