/**
 * Threat: a provider that repeats the request's key in an error or a body would hand it to the agent.
 * Invariant: the exact secret never leaves in a header or a body, also when it is split between chunks. Only a tail that could
 * be the beginning of the secret is held back, so that the events of a stream are not delayed.
 */
const MASK = "[credential removed]";

export const scrubText = (text: string, secret: string): string => text.replaceAll(secret, MASK);

export interface Scrubber {
  push(chunk: Buffer): Buffer;
  /** What was held back, once nothing more comes. */
  end(): Buffer;
}

export function createScrubber(secret: string): Scrubber {
  const needle = Buffer.from(secret);
  let held: Buffer = Buffer.alloc(0);
  return {
    push(chunk) {
      let rest = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
      const clean: Buffer[] = [];
      for (let at = rest.indexOf(needle); at >= 0; at = rest.indexOf(needle)) {
        clean.push(rest.subarray(0, at), Buffer.from(MASK));
        rest = rest.subarray(at + needle.length);
      }
      const keep = beginningLength(rest, needle);
      held = rest.subarray(rest.length - keep);
      clean.push(rest.subarray(0, rest.length - keep));
      return clean.length === 1 ? (clean[0] ?? held) : Buffer.concat(clean);
    },
    end() {
      const last = held;
      held = Buffer.alloc(0);
      return last;
    },
  };
}

/** Length of the longest end of `data` with which `needle` begins. */
function beginningLength(data: Buffer, needle: Buffer): number {
  for (let length = Math.min(needle.length - 1, data.length); length > 0; length -= 1) {
    if (data.subarray(data.length - length).equals(needle.subarray(0, length))) return length;
  }
  return 0;
}
