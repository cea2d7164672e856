import { requestLineProblem } from "./head.ts";

/**
 * Gathers the bytes of a head until its empty line. Threat: a head without an end, or one that a lenient reader would end elsewhere (at a
 * bare LF, at a CR alone). Invariant: lines end with CR LF only, no more than the bound is ever held, and what can no longer become a
 * head is refused when its first wrong byte is here, not when the client has said enough.
 */
export interface HeadBytes {
  /** The head's text with what follows it; null: more is needed. */
  feed(chunk: Buffer): { text: string; rest: Buffer | null } | { problem: string } | null;
  /** Something of a head is here already. */
  begun(): boolean;
}

const END = "\r\n\r\n";
/** Not in any line of a head, and CR and LF only as a pair; a CR at the very end may still get its LF. */
const NOT_IN_A_HEAD = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|(?:^|[^\r])\n|\r(?!\n|$)/;

export function createHeadBytes(options: { bytesMax: number; of: "request" | "answer" }): HeadBytes {
  const { bytesMax, of } = options;
  let held: Buffer | null = null;

  function problemOf(text: string): string | null {
    if (of === "answer") return null;
    if (NOT_IN_A_HEAD.test(text)) return "a byte or an end of line that no head has";
    const end = text.indexOf("\r\n");
    return end < 0 ? null : requestLineProblem(text.slice(0, end));
  }

  return {
    begun: () => held !== null,
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
        const after = end + END.length;
        return {
          text: bytes.toString("latin1", 0, end),
          rest: after === bytes.length ? null : bytes.subarray(after),
        };
      }
      const problem = problemOf(bytes.toString("latin1"));
      if (problem !== null) return { problem };
      // A copy: the read it came in is larger than what is kept of it.
      held = held === null ? Buffer.from(bytes) : bytes;
      return null;
    },
  };
}
