/** Real models send a few characters at a time; clients that only work on whole answers should fail in our tests too. */
const CHUNK_CHARS = 12;

/** The text in small pieces, none of which splits a character. */
export function pieces(text: string): string[] {
  const characters = Array.from(text);
  const parts: string[] = [];
  for (let at = 0; at < characters.length; at += CHUNK_CHARS) {
    parts.push(characters.slice(at, at + CHUNK_CHARS).join(""));
  }
  return parts;
}

const BYTES_PER_TOKEN = 4;

/** A rough count: nothing is billed for a scripted answer, but clients expect a figure. */
export const estimateTokens = (bytes: number): number => Math.max(1, Math.ceil(bytes / BYTES_PER_TOKEN));
