import { StringDecoder } from "node:string_decoder";

/** Requests and records may carry a body of up to a mebibyte, escaped; past this a line is refused rather than held in memory. */
const LINE_CHARS_MAX = 4 * 1024 * 1024;
export const LINE_TOO_LONG = `the line is longer than ${LINE_CHARS_MAX / 1024 / 1024} MiB`;

export interface TextLine {
  /** Counts from 1. */
  number: number;
  /** Null when the line is longer than the bound; it was skipped and never held in memory whole. */
  text: string | null;
}

/**
 * The lines of a stream, in batches as they arrive, so that an answer can be written as soon as its question is there and a hundred
 * thousand of them still cost few writes. Only `\n` and `\r\n` end a line: JSON may carry U+2028 as it is.
 */
export async function* lineBatches(
  input: AsyncIterable<unknown> | Iterable<unknown>,
  lineCharsMax: number = LINE_CHARS_MAX,
): AsyncGenerator<TextLine[]> {
  const decoder = new StringDecoder("utf8");
  let number = 0;
  let rest = "";
  let skipping = false;
  const take = (text: string): TextLine => {
    number += 1;
    const tooLong = skipping || text.length > lineCharsMax;
    skipping = false;
    const plain = text.endsWith("\r") ? text.slice(0, -1) : text;
    return { number, text: tooLong ? null : number === 1 ? plain.replace(/^\uFEFF/, "") : plain };
  };
  for await (const chunk of input) {
    const pieces = (typeof chunk === "string" ? chunk : decoder.write(asBytes(chunk))).split("\n");
    const last = pieces.pop() ?? "";
    const batch = pieces.map((piece, index) => take(index === 0 ? rest + piece : piece));
    rest = pieces.length === 0 ? rest + last : last;
    if (rest.length > lineCharsMax) {
      skipping = true;
      rest = "";
    }
    if (batch.length > 0) yield batch;
  }
  rest += decoder.end();
  if (rest !== "" || skipping) yield [take(rest)];
}

/** A Node stream without encoding yields Buffers; anything else would be a mistake of ours. */
function asBytes(chunk: unknown): Buffer {
  if (chunk instanceof Uint8Array) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  throw new TypeError("a stream of bytes or text was expected");
}
