import { requestLineProblem } from "./head.ts";

/**
 * Gathers the bytes of a head until its empty line. Threat: a head without an end, or one that a lenient reader would end elsewhere (at a
 * bare LF, at a CR alone). Invariant: lines end with CR LF only, no more than the bound is ever held, and what can no longer become a
 * head is refused when its first wrong byte is here, not when the client has said enough.
 */
export interface HeadBytes {
  /** The head's text with what follows it; null: more is needed. */
  feed(chunk: Buffer): { text: string; rest: Buffer | null } | { problem: string } | null;
}

const END = "\r\n\r\n";
/** What lines are made of; a CR at the very end may still get its LF. */
const LINES = /^(?:[\t\x20-\x7e\x80-\xff]|\r\n)*\r?$/;
const CR = 13;

export function createHeadBytes(options: { bytesMax: number; of: "request" | "answer" }): HeadBytes {
  const { bytesMax, of } = options;
  let held: Buffer | null = null;
  let firstLineRead = false;

  /** Of what is new in a head that is not whole yet. */
  function problemOf(bytes: Buffer, from: number): string | null {
    if (of === "answer") return null;
    if (!LINES.test(bytes.toString("latin1", from))) return "a byte or an end of line that no head has";
    if (firstLineRead) return null;
    const end = bytes.indexOf("\r\n", 0, "latin1");
    if (end < 0) return null;
    firstLineRead = true;
    return requestLineProblem(bytes.toString("latin1", 0, end));
  }

  return {
    feed(chunk) {
      const from = Math.max(0, (held?.length ?? 0) - END.length + 1);
      const bytes: Buffer = held === null ? chunk : Buffer.concat([held, chunk]);
      const end = bytes.indexOf(END, from, "latin1");
      if (end > bytesMax || (end < 0 && bytes.length > bytesMax)) {
        held = null;
        return { problem: `a head of more than ${bytesMax} bytes` };
      }
      if (end >= 0) {
        held = null;
        firstLineRead = false;
        const after = end + END.length;
        return {
          text: bytes.toString("latin1", 0, end),
          rest: after === bytes.length ? null : bytes.subarray(after),
        };
      }
      const known = held === null ? 0 : held.length - (held[held.length - 1] === CR ? 1 : 0);
      const problem = problemOf(bytes, known);
      if (problem !== null) return { problem };
      // A copy: the read it came in is larger than what is kept of it.
      held = held === null ? Buffer.from(bytes) : bytes;
      return null;
    },
  };
}
