/** A request's target in every reading a deny must hold for. */
import { type CanonicalTarget, canonicalPath, decode, parseQuery } from "../canonical/path.ts";

export interface JudgedTarget {
  path: string;
  /** Whether the path keeps an encoded slash, which only some endpoints accept. */
  encodedSlash: boolean;
  query: [string, string][];
  /** The path, the same with and without the slash at its end, and both fully decoded: a deny holds if it holds for any. */
  denyPaths: readonly string[];
}

export function judgeTarget(raw: string): JudgedTarget | null {
  const loose: CanonicalTarget | null = canonicalPath(raw, { allowEncodedSlash: true });
  if (loose === null) return null;
  const query = parseQuery(loose.query);
  if (query === null) return null;
  const decoded = decode(loose.path) ?? loose.path;
  const paths = new Set<string>();
  for (const path of [loose.path, decoded]) {
    paths.add(path);
    paths.add(path.endsWith("/") && path.length > 1 ? path.slice(0, -1) : `${path}/`);
  }
  return { path: loose.path, encodedSlash: loose.path.includes("%2F"), query, denyPaths: [...paths] };
}
