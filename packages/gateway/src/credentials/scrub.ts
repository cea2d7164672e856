import { Transform } from "node:stream";
import { formsOf } from "./encodings.ts";

/**
 * Takes injected secrets out of what comes back. Threat: an allowed host that echoes the request (an error page, a debug endpoint)
 * hands the agent the credential it was never given. Invariant: neither a secret nor one of its usual encodings passes in one piece,
 * however the answer is cut into chunks; what is held back meanwhile is shorter than the longest form, and tells nothing of the secret. Where lengths are written into
 * what is searched, it keeps its length.
 */
export interface Secret {
  value: string;
  /** What the sandbox sees in its place. */
  placeholder: string;
}

/** The secrets of now: one that is replaced while an answer streams is searched for in the rest of it. The same array until then. */
export type LiveSecrets = () => readonly Secret[];

interface Needle {
  text: string;
  bytes: Buffer;
  placeholder: Buffer;
  /** As long as what it stands for. */
  mask: Buffer;
}

/** Zeros in base64 and a digit in hex, so that what is encoded can still be decoded; of a value in clear, stars are read as such. */
const MASK_OF_ENCODED = "A";
const MASK = "*";

const needlesByValue = new WeakMap<Secret, Needle[]>();
const needlesBySet = new WeakMap<readonly Secret[], Needle[]>();

/** Longest first, so that a secret that contains another is taken whole. */
function needlesOf(secrets: readonly Secret[]): readonly Needle[] {
  const known = needlesBySet.get(secrets);
  if (known !== undefined) return known;
  const made = secrets.flatMap(needlesOfOne).sort((a, b) => b.bytes.length - a.bytes.length);
  needlesBySet.set(secrets, made);
  return made;
}

function needlesOfOne(secret: Secret): Needle[] {
  if (secret.value === "") return [];
  let needles = needlesByValue.get(secret);
  if (needles === undefined) {
    const placeholder = Buffer.from(secret.placeholder, "utf8");
    needles = formsOf(secret.value).map((text) => {
      const bytes = Buffer.from(text, "utf8");
      return {
        text,
        bytes,
        placeholder,
        mask: Buffer.alloc(bytes.length, text === secret.value ? MASK : MASK_OF_ENCODED),
      };
    });
    needlesByValue.set(secret, needles);
  }
  return needles;
}

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
  const needles = needlesOf(secrets).map(({ text }) => text.toLowerCase());
  return pairs
    .filter(([name]) => !needles.some((needle) => name.toLowerCase().includes(needle)))
    .map(([name, value]) => [name, scrubText(value, secrets, "latin1")]);
}

export interface Scrubber {
  /** What can be passed on now; `final`: nothing follows, so nothing is held back. */
  take(chunk: Buffer, final: boolean): Buffer;
}

export interface ScrubOptions {
  /** A secret is masked in its own length, and not replaced by its placeholder. */
  keepLength?: boolean;
}

export function createScrubber(secrets: LiveSecrets, { keepLength = false }: ScrubOptions = {}): Scrubber {
  let held: Buffer = Buffer.alloc(0);

  return {
    take(chunk, final) {
      const needles = needlesOf(secrets());
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const hits = new Hits(needles, bytes);
      const waits = final ? bytes.length : bytes.length - waiting(needles, bytes);
      const out: Buffer[] = [];
      let at = 0;
      for (let hit = hits.from(at); hit !== null && hit.index < waits; hit = hits.from(at)) {
        out.push(bytes.subarray(at, hit.index), keepLength ? hit.needle.mask : hit.needle.placeholder);
        at = hit.index + hit.needle.bytes.length;
      }
      const end = Math.max(at, waits);
      out.push(bytes.subarray(at, end));
      held = bytes.subarray(end);
      return out.length === 1 ? (out[0] ?? held) : Buffer.concat(out);
    },
  };
}

/** The next occurrence of each needle is looked for once, however often another one is found before it. */
class Hits {
  private readonly next: number[];
  private readonly needles: readonly Needle[];
  private readonly bytes: Buffer;

  constructor(needles: readonly Needle[], bytes: Buffer) {
    this.needles = needles;
    this.bytes = bytes;
    this.next = needles.map((needle) => bytes.indexOf(needle.bytes));
  }

  /** The first at or behind `at`; of several at one place the longest, which stands first. */
  from(at: number): { index: number; needle: Needle } | null {
    let best: { index: number; needle: Needle } | null = null;
    for (const [order, needle] of this.needles.entries()) {
      let index = this.next[order] ?? -1;
      if (index !== -1 && index < at) {
        index = this.bytes.indexOf(needle.bytes, at);
        this.next[order] = index;
      }
      if (index !== -1 && (best === null || index < best.index)) best = { index, needle };
    }
    return best;
  }
}

/**
 * Bytes at the end that wait for what follows: as many as may begin a secret, whatever they are. Were it only those that do begin one,
 * the agent could have a host repeat its guesses, see which of them are held back, and so read the secret letter by letter. What ends
 * with a line goes at once, so that an event is seen when it is sent.
 */
function waiting(needles: readonly Needle[], bytes: Buffer): number {
  const longest = needles[0]?.bytes.length ?? 0;
  const held = Math.min(bytes.length, Math.max(0, longest - 1));
  const line = needles.some((needle) => needle.bytes.includes(NEWLINE)) ? -1 : bytes.lastIndexOf(NEWLINE);
  return Math.min(held, bytes.length - (line + 1));
}
const NEWLINE = 0x0a;

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
