/**
 * Headers that two readers take for different things. Threat: a body judged as JSON that the server reads as a form, because of two
 * types only one reader sees each; a header that CGI-like servers (`-` and `_` become the same variable) take for another's twin.
 */
const SINGLE = new Set(["content-type", "content-encoding", "content-language", "content-range", "expect", "upgrade"]);
const TWINS = new Set([
  ...[
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "upgrade",
    "expect",
  ],
  ...["x-http-method-override", "x-http-method", "x-method-override", "x-original-url", "x-rewrite-url"],
]);

export function ambiguousHeader(pairs: readonly (readonly [name: string, value: string])[]): string | null {
  const seen = new Set<string>();
  for (const [name] of pairs) {
    const key = name.toLowerCase();
    if (SINGLE.has(key) && seen.has(key)) return `The header ${key} stands there twice.`;
    seen.add(key);
    if (key.includes("_") && TWINS.has(key.replaceAll("_", "-")))
      return `The header ${key} is taken for ${key.replaceAll("_", "-")} by some servers.`;
  }
  return null;
}
