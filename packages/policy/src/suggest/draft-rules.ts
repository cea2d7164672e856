/**
 * From the paths seen at one target to rules. Threat: a rule that stands for more than was seen reaches into what somebody denied.
 * Invariant: what meets a deny or a test of the base stands path by path, or not at all.
 */
import type { Clause } from "../model.ts";
import type { TargetEvidence } from "./evidence.ts";
import {
  ANY,
  type Generality,
  generalisePaths,
  literalRules,
  type PathRule,
  type SeenPath,
  segmentsOf,
} from "./generalise.ts";
import { note, type WeighedNote } from "./notes.ts";
import { pathsOverlap } from "./overlap.ts";
import { looksLikeSecret } from "./secrets.ts";

export const TESTED = "One of the base's own `tests` expects this to be denied.";

/** What a rule must not reach. */
export interface Forbidden {
  denies: readonly Clause[];
  tested: readonly Pick<Clause, "method" | "path">[];
}

export const hasEncodedSlash = ({ segments }: SeenPath): boolean => segments.some((segment) => segment.includes("%2F"));
export const samplePath = (segments: readonly string[]): string =>
  `/${segments.map((segment) => (segment === ANY ? "x" : segment)).join("/")}`;

export interface MethodRule {
  method: string;
  rule: PathRule;
}
type Refuse = (count: number, reason: string, method: string, path: string) => void;

export interface RulesWanted {
  target: TargetEvidence;
  /** The entry that the rules will stand in. */
  key: string;
  forbidden: Forbidden;
  /** What a reviewer should know of the rules is added here. */
  notes: WeighedNote[];
  refuse: Refuse;
}

/** One rule per method and path or joined paths; what must not be allowed is refused instead. */
export function draftRules({ target, key, forbidden, notes, refuse }: RulesWanted): MethodRule[] {
  const found: MethodRule[] = [];
  for (const method of [...(target.methods?.keys() ?? [])].sort()) {
    const paths = readPaths(target, method, refuse);
    // A `%2F` needs a setting of its own, so such paths are joined among themselves.
    for (const part of [paths.filter((path) => !hasEncodedSlash(path)), paths.filter(hasEncodedSlash)])
      for (const rule of joinUnlessDenied(part, method, forbidden, refuse)) found.push({ method, rule });
  }
  for (const drafted of found) notes.push(...ruleNotes(drafted, target, key));
  return found.filter(({ method, rule }) => method !== "HEAD" || !coveredByGet(found, rule));
}

const READS = ["GET", "HEAD", "OPTIONS"];
const WRITES = ["POST", "PUT", "PATCH"];
/** Below these words a write gives somebody power: whom, is for a person to say. */
const ADMINISTRATIVE =
  /^(admins?|hooks|webhooks|.*[_-]?keys|members?|memberships?|collaborators|invit(e|ation)s?|owners|roles?|permissions|polic(y|ies)|grants?|(access[_-])?tokens?|credentials|secrets?|protection|transfer|(service[_-]?)?accounts?|users?|teams)$/i;

/** What is written for one is rarely meant for all, and what is taken away never is. */
function generalityOf(method: string, path: string): Generality {
  if (READS.includes(method)) return "words";
  if (!WRITES.includes(method)) return "nothing";
  return segmentsOf(path).some((segment) => ADMINISTRATIVE.test(segment)) ? "nothing" : "identifiers";
}

/** Whoever may GET may HEAD. */
const coveredByGet = (found: readonly MethodRule[], rule: PathRule): boolean =>
  found.some((other) => other.method === "GET" && other.rule.pattern === rule.pattern);

function readPaths(target: TargetEvidence, method: string, refuse: Refuse): SeenPath[] {
  const merged = new Map<string, SeenPath>();
  for (const [path, count] of target.methods?.get(method) ?? []) {
    const [first = "", ...rest] = segmentsOf(path);
    const secret = looksLikeSecret(first)
      ? "The path begins with what looks like a secret; a rule without it would allow any path."
      : generalityOf(method, path) === "nothing" && rest.some(looksLikeSecret)
        ? `The path holds what looks like a secret; a rule without it would allow this ${method} for any other.`
        : null;
    if (secret !== null) {
      refuse(count, secret, method, path);
      continue;
    }
    const segments = [first, ...rest.map((segment) => (looksLikeSecret(segment) ? ANY : segment))];
    const key = segments.join("/");
    merged.set(key, { segments, count: count + (merged.get(key)?.count ?? 0) });
  }
  return [...merged.values()];
}

/** Joined paths that reach into what is denied stand one by one instead, and what is denied by itself does not stand at all. */
function joinUnlessDenied(
  paths: readonly SeenPath[],
  method: string,
  { denies, tested }: Forbidden,
  refuse: Refuse,
): PathRule[] {
  const reaches = (rule: PathRule, clauses: readonly Pick<Clause, "method" | "path">[]): boolean =>
    clauses.some(
      (clause) =>
        clause.path !== undefined && speaksOf(clause.method, method) && pathReaches(rule.pattern, clause.path),
    );
  const refuseRule = (rule: PathRule, reason: string): PathRule[] => {
    for (const { segments, count } of rule.paths) refuse(count, reason, method, samplePath(segments));
    return [];
  };
  const isFixed = ({ segments }: SeenPath): boolean => generalityOf(method, `/${segments.join("/")}`) === "nothing";
  const generalised = [
    ...literalRules(paths.filter(isFixed)),
    ...generalisePaths(
      paths.filter((path) => !isFixed(path)),
      generalityOf(method, "/"),
    ),
  ];
  const joined = generalised.flatMap((rule) =>
    rule.paths.length > 1 && (reaches(rule, denies) || reaches(rule, tested)) ? literalRules(rule.paths) : [rule],
  );
  return joined.flatMap((rule) => {
    if (reaches(rule, tested)) return refuseRule(rule, TESTED);
    // A path as it was seen was judged against the denies one by one; only what stands for more can reach further.
    const isWide = rule.paths.length > 1 || rule.paths[0]?.segments.includes(ANY) === true;
    return isWide && reaches(rule, denies)
      ? refuseRule(rule, "With its secret left out the path would reach into what the base denies.")
      : [rule];
  });
}

/** Does a clause of this method concern requests of that one? A rule for GET allows HEAD as well. */
const speaksOf = (clause: string | undefined, method: string): boolean =>
  clause === undefined ||
  clause === "*" ||
  clause === method ||
  method === "HEAD" ||
  (method === "GET" && clause === "HEAD");

/** A deny holds with and without the slash at the end. */
const pathReaches = (pattern: string, deny: string): boolean =>
  [pattern, `${pattern}/`, pattern.replace(/(.)\/$/, "$1")].some((reading) => pathsOverlap(reading, deny));

function ruleNotes({ method, rule }: MethodRule, { host, sightings }: TargetEvidence, key: string): WeighedNote[] {
  const requests = rule.paths.reduce((sum, path) => sum + path.count, 0);
  const where = `${method} ${host}${rule.pattern}`;
  const notes: WeighedNote[] = [];
  const isWrite = !READS.includes(method);
  if (rule.paths.length > 1)
    notes.push(
      note(
        key,
        isWrite ? 2 : 4,
        `${where}${isWrite ? " writes, and" : ""} stands for ${rule.paths.length} paths in ${requests} requests; the host was seen on ${plural(sightings.dayCount, "day")} by ${plural(sightings.sandboxCount, "sandbox", "sandboxes")}.`,
      ),
    );
  if (rule.paths.some((path) => path.segments.includes(ANY)))
    notes.push(
      note(key, 2, `In ${where} a \`*\` stands where something like a secret was; any other may stand there too.`),
    );
  return notes;
}

const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
