const WORDS_CHARS_MAX = 300;

/** What went wrong between us and a provider, for an administrator. Messages of the library name no secret; the provider's own text is not repeated. */
export function wordsOf(error: unknown): string {
  const chain: string[] = [];
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 3; at = at.cause, depth++)
    if (at.message !== "" && !chain.includes(at.message)) chain.push(at.message);
  const words = chain.join(": ").replace(/\p{Cc}+/gu, " ");
  return (words === "" ? "It could not be asked." : words).slice(0, WORDS_CHARS_MAX);
}
