/** A request's target in every reading a deny must hold for. */
import { decode, readTarget } from "../canonical/path.ts";

export interface JudgedTarget {
  path: string;
  /** Whether the path keeps an encoded slash, which only some endpoints accept. */
  encodedSlash: boolean;
  query: [string, string][];
  /** The path, the same with and without the slash at its end, and both fully decoded: a deny holds if it holds for any. */
  denyPaths: readonly string[];
}

export function judgeTarget(raw: string): JudgedTarget | null {
  const read = readTarget(raw, { allowEncodedSlash: true });
  if (read === null) return null;
  const { path, params: query } = read;
  // Without an escape the decoded path is the path.
  if (!path.includes("%")) return { path, encodedSlash: false, query, denyPaths: [path, otherEnd(path)] };
  const decoded = decode(path) ?? path;
  const denyPaths = [...new Set([path, otherEnd(path), decoded, otherEnd(decoded)])];
  return { path, encodedSlash: path.includes("%2F"), query, denyPaths };
}

const otherEnd = (path: string): string => (path.endsWith("/") && path.length > 1 ? path.slice(0, -1) : `${path}/`);
