/**
 * Threat: a provider that repeats the request's key in an error or a body would hand it to the agent.
 * Invariant: the exact secret never leaves in a header or a body, also when it is split between chunks. What is held back meanwhile
 * (`../scrub/scrubber.ts`) tells nothing of it; the events of a stream end with a line and are not delayed.
 */
import { createScrubber, needleSet, type Scrubber } from "../scrub/index.ts";

const MASK = "[credential removed]";
const MASK_BYTES = Buffer.from(MASK);

export const scrubText = (text: string, secret: string): string => text.replaceAll(secret, MASK);

export function createKeyScrubber(secret: string): Scrubber {
  const set = needleSet([{ bytes: Buffer.from(secret) }]);
  return createScrubber({ needles: () => set, replacement: () => MASK_BYTES });
}
