/**
 * Threat: `{"model":"allowed", …, "Model":"forbidden"}`. JSON parsers disagree on which of two equal keys counts, and some
 * match keys without regard to case; a provider could run another model than the one that was judged here.
 * Invariant: no two keys of the top-level object are equal after Unicode compatibility folding and lower-casing.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPENERS = new Set([0x7b, 0x5b]);
const CLOSERS = new Set([0x7d, 0x5d]);

/** The first key that repeats, or null. `body` must already have parsed as a JSON object. */
export function repeatedTopLevelKey(body: Buffer): string | null {
  const seen = new Set<string>();
  let depth = 0;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at] ?? 0;
    if (byte === QUOTE) {
      const end = stringEnd(body, at);
      if (depth === 1 && nextByte(body, end + 1) === COLON) {
        const key = String(JSON.parse(body.toString("utf8", at, end + 1)));
        const folded = key.normalize("NFKC").toLowerCase();
        if (seen.has(folded)) return key;
        seen.add(folded);
      }
      at = end;
    } else if (OPENERS.has(byte)) depth += 1;
    else if (CLOSERS.has(byte)) depth -= 1;
  }
  return null;
}

/** Index of the quote that closes the string opened at `start`; most of a prompt is strings, so they are leapt over. */
function stringEnd(body: Buffer, start: number): number {
  let end = body.indexOf(QUOTE, start + 1);
  while (end > 0) {
    let slashes = 0;
    while (body[end - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end;
    end = body.indexOf(QUOTE, end + 1);
  }
  return body.length;
}

function nextByte(body: Buffer, start: number): number {
  let at = start;
  while (body[at] === 0x20 || body[at] === 0x09 || body[at] === 0x0a || body[at] === 0x0d) at += 1;
  return body[at] ?? 0;
}
