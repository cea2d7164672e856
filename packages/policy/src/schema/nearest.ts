/** Two typing slips at most, one in a short word: a further guess would mislead. */
const DISTANCE_MAX = 2;
const SHORT_CHARS = 4;

/** The known word nearest to a misspelt one, or null when none is near. */
export function nearest(word: string, known: readonly string[]): string | null {
  // A hostile file may hold very long words; the distance is quadratic in them.
  if (word.length > 64) return null;
  // One and several are the likeliest slip: `policy` for `policies`, `paths` for `path`.
  const plain = (text: string) => text.toLowerCase().replace(/[-_ ]/g, "").replace(/ies$/, "y").replace(/s$/, "");
  let best: string | null = null;
  let bestDistance = (word.length <= SHORT_CHARS ? 1 : DISTANCE_MAX) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) > DISTANCE_MAX + 1) continue;
    const d = plain(candidate) === plain(word) ? 0 : distance(word, candidate);
    if (d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
