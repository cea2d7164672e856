/** Which of the given parameters a refusal speaks of; null when of none. Refusals put names in backticks. */
export function wrongParameter(refusal: string, given: readonly string[]): string | null {
  const named = given
    .map((name) => ({ name, at: refusal.indexOf(`\`${name}\``) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at);
  return named[0]?.name ?? null;
}
