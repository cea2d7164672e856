/** Path segments that a policy file must not repeat: a file is read by many, a credential is not. */
import { looksLikeId } from "../replay/path-shape.ts";

const PREFIXES =
  /^(gh[pousr]_|github_pat_|glpat-|sk-|sk_|pk_|rk_|xox[abeprs]-|AKIA|ASIA|AIza|ya29\.|eyJ|hf_|npm_|pypi-|dop_v1_|SG\.|nvapi-|whsec_|bot[0-9]{6,}(:|%3A))/;
const RUN_CHARS_MIN = 20;
/** Random text of 62 letters and digits has more; words and names have less. */
const BITS_PER_CHAR_MIN = 3.5;
const DIGITS_MIN = 2;

/** Known beginnings of credentials, and long runs that no person wrote. Hex texts and UUIDs count as identifiers, not as secrets. */
export function looksLikeSecret(segment: string): boolean {
  if (PREFIXES.test(segment) && segment.length >= RUN_CHARS_MIN) return true;
  if (segment.length < RUN_CHARS_MIN || looksLikeId(segment)) return false;
  return segment.split(/[^A-Za-z0-9]/).some(isRandomRun);
}

function isRandomRun(run: string): boolean {
  if (run.length < RUN_CHARS_MIN || looksLikeId(run)) return false;
  const digits = run.replace(/[^0-9]/g, "").length;
  return digits >= DIGITS_MIN && digits < run.length && bitsPerChar(run) >= BITS_PER_CHAR_MIN;
}

function bitsPerChar(text: string): number {
  const counts = new Map<string, number>();
  for (const c of text) counts.set(c, (counts.get(c) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** The path with such segments replaced; for people, not for matching. */
export const withoutSecrets = (path: string): string =>
  path
    .split("/")
    .map((segment) => (looksLikeSecret(segment) ? "(secret)" : segment))
    .join("/");
