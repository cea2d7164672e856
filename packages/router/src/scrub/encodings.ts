/**
 * The forms in which a server may repeat a secret. Threat: an allowed host that echoes the request in its own encoding (a JSON dump, a
 * link, a Basic header, a hex log) hands the agent what it was never given. A host that encrypts, hashes or reverses it is beyond this.
 */

/** An encoded form shorter than this would be found where no secret is. */
const ENCODED_CHARS_MIN = 8;

/** The value itself first; no form twice. */
export function formsOf(value: string): string[] {
  const encoded = [base64Forms, percentForms, jsonForms, entityForms, hexForms].flatMap((forms) => forms(value));
  return [...new Set([value, ...encoded.filter((form) => form.length >= ENCODED_CHARS_MIN)])];
}

/** Encodings of text in two bytes a unit. */
export const WIDE_ENCODERS: readonly ((text: string) => Buffer)[] = [
  (text) => Buffer.from(text, "utf16le"),
  (text) => Buffer.from(text, "utf16le").swap16(),
];

export const isFindable = ({ length }: Buffer): boolean => length >= ENCODED_CHARS_MIN;

/**
 * A secret inside a longer text that was encoded as a whole begins at any of three places of a group. The characters that depend on
 * its neighbours are left out: they give away less than a byte at each end.
 */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value, "utf8");
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const first = Math.ceil((before * 8) / 6);
    const end = Math.floor(((before + bytes.length) * 8) / 6);
    const own = encoded.slice(first, end);
    return [own, own.replaceAll("+", "-").replaceAll("/", "_"), own.replaceAll("/", "\\/"), encodeURIComponent(own)];
  });
}

function percentForms(value: string): string[] {
  const component = encodeURIComponent(value);
  const strict = component.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const every = [...Buffer.from(value, "utf8")].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
  // What a form's writer escapes besides; its blank is a `+`.
  const form = new URLSearchParams([["", value]]).toString().slice(1);
  const forms = [component, strict, encodeURI(value), form, form.replaceAll("+", "%20"), strict.replaceAll("%20", "+")];
  // Encoded twice: a link inside a link.
  const once = [...forms, ...forms.map(lowerEscapes)];
  const all = [...once, every, every.toUpperCase(), ...once.map((one) => encodeURIComponent(one))];
  return [...all, ...all.map(lowerEscapes)];
}
const lowerEscapes = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());

function jsonForms(value: string): string[] {
  const plain = JSON.stringify(value).slice(1, -1);
  const ascii = plain.replace(/[^\x20-\x7e]/g, escapeUnit);
  // What writers escape besides: `/`, and what could end a script element.
  const html = ascii.replace(/[<>&'+]/g, escapeUnit);
  // Quotes too, as .NET does; a backslash before one belongs to it.
  const strict = html.replaceAll('\\"', escapeUnit('"')).replaceAll("`", escapeUnit("`"));
  const every = [...value].flatMap((char) => char.split("").map(escapeUnit)).join("");
  const slashed = [plain, html].map((form) => form.replaceAll("/", "\\/"));
  const lower = [plain, ascii, html, strict, ...slashed, every];
  const forms = [...lower, ...lower.map(upperUnits)];
  // JSON inside JSON, as in logs.
  return [...forms, ...forms.map((form) => JSON.stringify(form).slice(1, -1))];
}
const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
const upperUnits = (text: string): string =>
  text.replace(/\\u[0-9a-f]{4}/g, (code) => `\\u${code.slice(2).toUpperCase()}`);

/** HTML and XML: by name, by number, and what template engines write of quotes, `/` and `=`. */
function entityForms(value: string): string[] {
  const named = value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const quoted = named.replaceAll('"', "&quot;");
  const apostrophes = [quoted, named.replaceAll('"', "&#34;")].flatMap((text) => [
    text,
    text.replaceAll("'", "&apos;"),
    text.replaceAll("'", "&#39;"),
    text.replaceAll("'", "&#x27;"),
  ]);
  const engines = apostrophes.flatMap((text) => [text.replace(/[`=]/g, hexEntity), text.replace(/[`=/]/g, hexEntity)]);
  const numbers = [/[^A-Za-z0-9]/gu, /[^A-Za-z0-9 ._-]/gu, /./gsu].flatMap((which) => [
    value.replace(which, (char) => `&#${char.codePointAt(0)};`),
    value.replace(which, hexEntity),
  ]);
  const all = [named, ...apostrophes, ...engines, ...numbers];
  return [...all, ...all.map(lowerEntities)];
}
const hexEntity = (char: string): string => `&#x${char.codePointAt(0)?.toString(16).toUpperCase()};`;
const lowerEntities = (text: string): string => text.replace(/&#x[0-9A-F]+;/g, (entity) => entity.toLowerCase());

function hexForms(value: string): string[] {
  const hex = Buffer.from(value, "utf8").toString("hex");
  return [hex, hex.toUpperCase()];
}
