import type { Needle, NeedleSet } from "./needles.ts";

/**
 * Takes needles out of bytes that come in pieces. Threat: the agent has a host repeat guesses at the end of a piece and sees, by what comes
 * out and when, whether a guess begins a secret; so it reads it letter by letter. Invariant: until a needle stands there whole, the sizes
 * of what comes out follow from the sizes of what went in and from its blanks and line ends, never from the text of a needle. No timer
 * lets out what waits: an agent that makes the host pause in the middle of a secret would get it in two pieces.
 */
export interface Scrubber {
  /** What can be passed on now; `final`: nothing follows that could belong to it, so nothing is held back. */
  take(chunk: Buffer, final: boolean): Buffer;
}

export interface ScrubberParts<N extends Needle> {
  /** Asked for each piece: a value that is renewed while a stream runs is searched for in the rest of it. */
  needles: () => NeedleSet<N>;
  replacement: (needle: N) => Buffer;
}

export function createScrubber<N extends Needle>({ needles, replacement }: ScrubberParts<N>): Scrubber {
  let held: Buffer = Buffer.alloc(0);
  return {
    take(chunk, final) {
      const set = needles();
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const ready = final ? bytes.length : readyBytes(set, bytes);
      const out: Buffer[] = [];
      let at = 0;
      for (const { index, needle } of set.find(bytes)) {
        if (index >= ready) break;
        if (index < at) continue;
        out.push(bytes.subarray(at, index), replacement(needle));
        at = index + needle.bytes.length;
      }
      const end = Math.max(at, ready);
      out.push(bytes.subarray(at, end));
      held = bytes.subarray(end);
      return out.length === 1 ? (out[0] ?? held) : Buffer.concat(out);
    },
  };
}

/** All but what stands behind the last blank or line end, and of that no more than a needle could begin in. */
function readyBytes<N extends Needle>({ holdBytes, separates }: NeedleSet<N>, bytes: Buffer): number {
  const least = Math.max(0, bytes.length - holdBytes);
  let ready = bytes.length;
  while (ready > least && !separates(bytes[ready - 1] ?? 0)) ready -= 1;
  return ready;
}
