/**
 * Threat: a provider that repeats the request's key in an error or a body, in its own encoding too (JSON, a link, a Basic header, a hex
 * log), would hand it to the agent. Invariant: neither the key nor one of its usual encodings leaves in a header or a body in one piece,
 * also when it is split between chunks. What is held back meanwhile (`../scrub/scrubber.ts`) tells nothing of it; the events of a stream
 * end with a line and are not delayed.
 */
import {
  createScrubber,
  formsOf,
  isFindable,
  type Needle,
  type NeedleSet,
  needleSet,
  type Scrubber,
  WIDE_ENCODERS,
} from "../scrub/index.ts";

const MASK = Buffer.from("[credential removed]");

/** The last key's: there is one at a time, and its forms are some hundred. */
let known: { secret: string; set: NeedleSet<Needle> } | null = null;

function needlesOf(secret: string): NeedleSet<Needle> {
  if (known?.secret === secret) return known.set;
  const texts = formsOf(secret).map((form) => Buffer.from(form));
  const wide = WIDE_ENCODERS.map((encode) => encode(secret)).filter(isFindable);
  known = { secret, set: needleSet([...texts, ...wide].map((bytes) => ({ bytes }))) };
  return known.set;
}

/** A header's value, in which each byte is one character. */
export const scrubText = (text: string, secret: string): string =>
  createKeyScrubber(secret).take(Buffer.from(text, "latin1"), true).toString("latin1");

export function createKeyScrubber(secret: string): Scrubber {
  const set = needlesOf(secret);
  return createScrubber({ needles: () => set, replacement: () => MASK });
}
