/** Rules that say less than they seem to: denies that are slipped past, allows that add nothing. */
import { compileGlob, hasWildcard } from "../glob.ts";
import type { Clause, Endpoint } from "../model.ts";
import { methodsOfAccess } from "../protocols/http.ts";
import type { Lint } from "./context.ts";

/** A deny whose path ends while allowed paths go on. */
export function lintDeny({ at, problems }: Lint, field: string, clause: Clause, endpoint: Endpoint): void {
  const { path } = clause;
  if (path === undefined) return;
  const place = at(`${field}.path`);
  const sample = samplePath(path);
  const longer = `${sample.replace(/\/$/, "")}/x`;
  const method = clause.method === undefined || clause.method === "*" ? "GET" : clause.method;
  const denies = compileGlob(path, { separator: "/", ignoreCase: true });
  if (!denies(longer) && baseAllows(endpoint, method, longer))
    problems.warn(
      "deny_longer_path",
      place,
      `The deny ends at ${path}; ${method} ${longer} is still allowed.`,
      `Write "${path.replace(/\/?$/, "")}/**" as well, if what lies below is meant too.`,
    );
  const deeper = firstStarCrossing(path);
  if (deeper !== null && !denies(deeper) && baseAllows(endpoint, method, deeper))
    problems.warn(
      "deny_single_segment",
      place,
      `\`*\` stands for one path segment, so ${method} ${deeper} slips past the deny.`,
      "Write one `*` per segment, or `**` for any number of segments.",
    );
  if (!denies(sample) || baseAllows(endpoint, method, sample) || clause.query !== undefined) return;
  problems.warn(
    "deny_without_effect",
    place,
    `No rule of the endpoint allows ${method} ${sample}, so the deny adds nothing here.`,
    "Remove it, or check the path for a slip.",
  );
}

function baseAllows(endpoint: Endpoint, method: string, path: string): boolean {
  if (endpoint.access !== undefined) {
    const methods = methodsOfAccess[endpoint.access];
    return methods === null || methods.includes(method);
  }
  return (endpoint.rules ?? []).some(
    ({ allow }) =>
      allow.path !== undefined &&
      (allow.method === "*" || allow.method === method) &&
      compileGlob(allow.path, { separator: "/" })(path),
  );
}

/** A path that the pattern matches, each wildcard standing for one plain word. */
const samplePath = (pattern: string): string =>
  pattern.replace(/\*\*\/?/g, (m) => (m.endsWith("/") ? "x/" : "x")).replace(/\[[^\]]*\]|[*?]/g, "x");

/** The same path with the first single star standing for two segments, as real paths often have them. */
function firstStarCrossing(pattern: string): string | null {
  const crossed = pattern.replace(/(^|\/)\*(?=\/)/, "$1x/y");
  return crossed === pattern ? null : samplePath(crossed);
}

export function lintShadowed(
  { at, problems }: Lint,
  field: string,
  clause: Clause,
  endpoint: Endpoint,
  index: number,
): void {
  const { path, method } = clause;
  if (path === undefined || method === undefined) return;
  const sample = samplePath(path);
  const wider = (endpoint.rules ?? []).findIndex(
    ({ allow }, i) =>
      i !== index &&
      (i < index || allow.path !== path) &&
      allow.query === undefined &&
      allow.request === undefined &&
      allow.path !== undefined &&
      (allow.method === "*" || allow.method === method) &&
      covers(allow.path, path, sample),
  );
  if (wider !== -1)
    problems.warn(
      "rule_never_needed",
      at(field),
      `rules[${wider}] allows all of this already.`,
      "Remove one of the two.",
    );
}

/** Surely wider: the same text, everything, or a `prefix/**` of a longer path. Never claims more than it can show. */
function covers(wide: string, narrow: string, sample: string): boolean {
  if (wide === narrow || wide === "/**" || wide === "**") return true;
  const prefix = wide.endsWith("/**") ? wide.slice(0, -2) : null;
  return (
    prefix !== null &&
    !hasWildcard(prefix) &&
    narrow.startsWith(prefix) &&
    compileGlob(wide, { separator: "/" })(sample)
  );
}
