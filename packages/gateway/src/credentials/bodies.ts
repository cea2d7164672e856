import type { HeaderPair } from "../http/headerPair.ts";
import { isEnveloped } from "./framing.ts";
import { plainLetters } from "./letters.ts";

/**
 * Bodies in which placeholders are replaced. A compressed body, and one of any other type, is forwarded as it is: what it carries is a
 * placeholder and no secret. `multipart` counts because its parts have no lengths of their own.
 */
export type BodyKind = "json" | "form" | "text" | "multipart";

const JSON_TYPE = /^application\/(?:[a-z0-9.!#$&^_-]+\+)?(?:json|json-seq|jsonl|ndjson|x-ndjson)$/;

export function bodyKindOf(headers: readonly HeaderPair[]): BodyKind | null {
  const joined = (name: string): string =>
    headers
      .filter(([key]) => key.toLowerCase() === name)
      .map(([, value]) => value)
      .join(",")
      .trim()
      .toLowerCase();
  const encoding = joined("content-encoding");
  if (encoding !== "" && encoding !== "identity") return null;
  const type = joined("content-type").split(";")[0]?.trim() ?? "";
  if (isEnveloped(type)) return null;
  if (JSON_TYPE.test(type)) return "json";
  if (type === "application/x-www-form-urlencoded") return "form";
  if (type === "multipart/form-data") return "multipart";
  return type.startsWith("text/") ? "text" : null;
}

/** One character a byte, so that what is not replaced leaves as it came, whatever its encoding. */
export function bodyText(body: Buffer, kind: BodyKind): string {
  const text = body.toString("latin1");
  return kind === "form" ? plainLetters(text) : text;
}

/** A value as it stands in such a body; null when it cannot. */
export function valueInBody(value: string, kind: BodyKind): string | null {
  if (kind === "form") return encodeURIComponent(value);
  // A line break could end a part's head.
  if (kind === "multipart" && /[\r\n"]/.test(value)) return null;
  const text = kind === "json" ? JSON.stringify(value).slice(1, -1) : value;
  return Buffer.from(text, "utf8").toString("latin1");
}
