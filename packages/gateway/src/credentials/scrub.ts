import { Transform } from "node:stream";
import {
  createScrubber as createByteScrubber,
  formsOf,
  isFindable,
  type Needle,
  type NeedleSet,
  needleSet,
  type Scrubber,
  WIDE_ENCODERS,
} from "@creel/router/scrub";

/**
 * Takes injected secrets out of what comes back. Threat: an allowed host that echoes the request (an error page, a debug endpoint)
 * hands the agent the credential it was never given. Invariant: neither a secret nor one of its usual encodings passes in one piece,
 * however the answer is cut into chunks; what is held back meanwhile tells nothing of the secret (the search and its invariant
 * are the router's, which keeps the model's key by them). Where lengths are written into what is searched, it keeps its length.
 */
export interface Secret {
  value: string;
  /** What the sandbox sees in its place. */
  placeholder: string;
}

/** The secrets of now: one that is replaced while an answer streams is searched for in the rest of it. The same array until then. */
export type LiveSecrets = () => readonly Secret[];

interface Form extends Needle {
  placeholder: Buffer;
  /** As long as what it stands for. */
  mask: Buffer;
}

/** Zeros in base64 and a digit in hex, so that what is encoded can still be decoded; of a value in clear, stars are read as such. */
const MASK_OF_ENCODED = "A";
const MASK = "*";

interface Searched {
  /** In letters, for the names of headers. */
  texts: readonly string[];
  set: NeedleSet<Form>;
}
const searchedBySecrets = new WeakMap<readonly Secret[], Searched>();

function searchedFor(secrets: readonly Secret[]): Searched {
  const known = searchedBySecrets.get(secrets);
  if (known !== undefined) return known;
  const sought = secrets.filter(({ value }) => value !== "");
  const texts = sought.flatMap(({ value }) => formsOf(value));
  const made = { texts, set: needleSet([...sought.flatMap(textForms), ...sought.flatMap(wideForms)]) };
  searchedBySecrets.set(secrets, made);
  return made;
}

const textForms = ({ value, placeholder }: Secret): Form[] =>
  formsOf(value).map((text) => {
    const bytes = Buffer.from(text, "utf8");
    const mask = Buffer.alloc(bytes.length, text === value ? MASK : MASK_OF_ENCODED);
    return { bytes, placeholder: Buffer.from(placeholder, "utf8"), mask };
  });

const wideForms = ({ value, placeholder }: Secret): Form[] =>
  WIDE_ENCODERS.map((encode) => ({
    bytes: encode(value),
    placeholder: encode(placeholder),
    mask: encode(MASK.repeat(value.length)),
  })).filter(({ bytes }) => isFindable(bytes));

/** `latin1`: header values, in which Node gives each byte as one character. */
export function scrubText(text: string, secrets: readonly Secret[], encoding: "utf8" | "latin1" = "utf8"): string {
  if (secrets.length === 0) return text;
  const bytes = Buffer.from(text, encoding);
  const scrubbed = createScrubber(() => secrets).take(bytes, true);
  return scrubbed.equals(bytes) ? text : scrubbed.toString(encoding);
}

/** Names and values of a head or of trailers. A name is compared in any case, because HTTP/2 lowers it. */
export function scrubPairs(pairs: readonly [string, string][], secrets: readonly Secret[]): [string, string][] {
  if (secrets.length === 0) return [...pairs];
  const needles = searchedFor(secrets).texts.map((text) => text.toLowerCase());
  return pairs
    .filter(([name]) => !needles.some((needle) => name.toLowerCase().includes(needle)))
    .map(([name, value]) => [name, scrubText(value, secrets, "latin1")]);
}

export interface ScrubOptions {
  /** A secret is masked in its own length, and not replaced by its placeholder. */
  keepLength?: boolean;
}

export const createScrubber = (secrets: LiveSecrets, { keepLength = false }: ScrubOptions = {}): Scrubber =>
  createByteScrubber({
    needles: () => searchedFor(secrets()).set,
    replacement: ({ mask, placeholder }) => (keepLength ? mask : placeholder),
  });

/** `wholeAt`: told each chunk, whether nothing of what follows can belong to it. Throwing ends the stream. */
export function scrubStream(
  secrets: LiveSecrets | readonly Secret[],
  { wholeAt, ...options }: ScrubOptions & { wholeAt?: (chunk: Buffer) => boolean } = {},
): Transform {
  const scrubber = createScrubber(typeof secrets === "function" ? secrets : () => secrets, options);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        const out = scrubber.take(chunk, wholeAt?.(chunk) ?? false);
        done(null, out.length === 0 ? undefined : out);
      } catch (error) {
        done(error instanceof Error ? error : new Error("The answer cannot be searched."));
      }
    },
    flush(done) {
      const out = scrubber.take(Buffer.alloc(0), true);
      done(null, out.length === 0 ? undefined : out);
    },
  });
}
