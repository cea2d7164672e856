/**
 * The forms in which a server may repeat a secret. Threat: an allowed host that echoes the request in its own encoding (a JSON dump, a
 * link, a Basic header, a hex log) hands the agent what it was never given. A host that encrypts, hashes or reverses it is beyond this.
 */

/** An encoded form shorter than this would be found where no secret is. */
const ENCODED_CHARS_MIN = 8;

/** The value itself first; no form twice. */
export function formsOf(value: string): string[] {
  const encoded = [...base64Forms(value), ...percentForms(value), ...jsonForms(value), ...hexForms(value)];
  return [...new Set([value, ...encoded.filter((form) => form.length >= ENCODED_CHARS_MIN)])];
}

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
  const all = [...forms, every, every.toUpperCase(), ...forms.map((one) => encodeURIComponent(one))];
  return [...all, ...all.map(lowerEscapes)];
}
const lowerEscapes = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());

function jsonForms(value: string): string[] {
  const plain = JSON.stringify(value).slice(1, -1);
  const ascii = plain.replace(/[^\x20-\x7e]/g, escapeUnit);
  // What writers escape besides: `/`, and what could end a script element.
  const html = ascii.replace(/[<>&'+]/g, escapeUnit);
  const every = [...value].flatMap((char) => char.split("").map(escapeUnit)).join("");
  const forms = [plain, ascii, html, plain.replaceAll("/", "\\/"), html.replaceAll("/", "\\/"), every];
  const entities = value
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
  // JSON inside JSON, as in logs.
  const nested = JSON.stringify(plain).slice(1, -1);
  return [...forms, nested, entities, entities.replaceAll("'", "&#39;"), entities.replaceAll("'", "&#x27;")];
}
const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

function hexForms(value: string): string[] {
  const hex = Buffer.from(value, "utf8").toString("hex");
  return [hex, hex.toUpperCase()];
}
