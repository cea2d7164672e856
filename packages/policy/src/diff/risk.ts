/**
 * How grave a change is. Threat: a widening that a reviewer waves through because it reads like the one before it. Invariant: each
 * finding below that speaks of a set holds for a wider one where it holds for a narrower one, so the grade is never lower for more; the
 * three that speak of a protection taken away (deny rule, digest, end) only ever add to it.
 */
import { type CredentialPlace, credentialsInReach } from "./credentials.ts";
import {
  endPutOff,
  hasMetadataNearby,
  isAnyProgram,
  isInterpreter,
  isPrivate,
  isWildProgram,
  isWritableProgram,
  losesPin,
} from "./findings.ts";
import type { BareChange } from "./requests.ts";
import type { Risk, RiskGrade } from "./types.ts";
import { describeCaller, listed } from "./words.ts";

/** From harmless to grave. */
export const riskGrades: readonly RiskGrade[] = ["none", "low", "medium", "high", "critical"];
export const isGraver = (a: RiskGrade, b: RiskGrade): boolean => riskGrades.indexOf(a) > riskGrades.indexOf(b);
export const gravest = (grades: readonly RiskGrade[]): RiskGrade =>
  grades.reduce((worst, grade) => (isGraver(grade, worst) ? grade : worst), "none");

const READ_METHODS = ["GET", "HEAD", "OPTIONS"];

interface Finding {
  grade: RiskGrade;
  holds(change: BareChange): boolean;
  reason(change: BareChange): string;
}

const writes = ({ methods }: BareChange): boolean =>
  methods === null || methods.some((method) => !READ_METHODS.includes(method));
const globHosts = ({ hosts }: BareChange): string[] =>
  hosts.map(({ match }) => match).filter((match) => match === "" || match.includes("*"));
const anyPath = ({ paths }: BareChange): boolean =>
  paths === null || paths.some(({ match, also }) => (match === "/**" || match === "**") && also === undefined);
const named = (change: BareChange, is: (path: string) => boolean): string =>
  listed(change.callers.filter(({ match }) => is(match)).map(describeCaller));

/** The table of what makes newly allowed requests grave; the first of a grade is the gravest. */
const FINDINGS: readonly Finding[] = [
  {
    grade: "critical",
    holds: (change) => change.callers.some(isAnyProgram) && globHosts(change).length > 0,
    reason: (change) => `Any program may reach every host of ${listed(globHosts(change))}.`,
  },
  {
    grade: "critical",
    holds: hasMetadataNearby,
    reason: () => "The addresses or names come close to a cloud's metadata service, which hands out credentials.",
  },
  {
    grade: "high",
    holds: (change) => change.callers.some(isAnyProgram),
    reason: () => "Any program may do it, also one that the agent writes itself.",
  },
  {
    grade: "high",
    holds: (change) => change.callers.some(isInterpreter),
    reason: (change) =>
      `${named(change, (path) => isInterpreter({ match: path, script: null }))} runs whatever code it is given.`,
  },
  {
    grade: "high",
    holds: (change) => change.callers.some(isWritableProgram),
    reason: () => "A program stands where the agent can write, so the agent can put another in its place.",
  },
  {
    grade: "high",
    holds: (change) => change.callers.some(isWildProgram),
    reason: () => "The program's path is a pattern, so programs that nobody named may fit it.",
  },
  {
    grade: "high",
    holds: ({ protocol }) => protocol === "raw" || protocol === "tcp",
    reason: () => "Nothing is inspected there: what is sent cannot be limited or seen, and data can leave unseen.",
  },
  {
    grade: "high",
    holds: (change) => globHosts(change).length > 0,
    reason: (change) =>
      writes(change)
        ? `Data may be sent to every host of ${listed(globHosts(change))}, also to one that an attacker registers.`
        : `Every host of ${listed(globHosts(change))} may be reached, also one that an attacker registers.`,
  },
  {
    grade: "high",
    holds: isPrivate,
    reason: () => "It reaches private or reserved addresses, where services often trust whoever can connect.",
  },
  {
    grade: "high",
    holds: ({ denyRuleRemoved }) => denyRuleRemoved,
    reason: () => "A deny rule that forbade it is gone.",
  },
  {
    grade: "high",
    holds: losesPin,
    reason: () => "The program's digest is no longer asked for there: any file at its path may do it.",
  },
  {
    grade: "high",
    holds: (change) => endPutOff(change) === "for good",
    reason: () => "Access that was to end goes on for more than a year or without end.",
  },
  {
    grade: "medium",
    holds: (change) => endPutOff(change) === "for a while",
    reason: () => "Access that was to end goes on.",
  },
  {
    grade: "high",
    holds: (change) => (change.methods === null || change.methods.includes("*")) && anyPath(change),
    reason: () => "Every method is allowed under every path.",
  },
  {
    grade: "medium",
    holds: writes,
    reason: ({ methods }) =>
      methods === null || methods.includes("*")
        ? "Requests may change something at the other end, or carry data out."
        : `${listed(methods.filter((method) => !READ_METHODS.includes(method)))} may change something at the other end, or carry data out.`,
  },
  { grade: "low", holds: () => true, reason: () => "Something may be read that could not be read before." },
];

export function riskOfRequests(change: BareChange, places: readonly CredentialPlace[]): Risk {
  if (change.effect === "deny")
    return { grade: "low", reasons: ["It only narrows; an agent that relied on it will see a denial."] };
  const credentials = credentialsInReach(change, places);
  const found = FINDINGS.filter((finding) => finding.holds(change));
  const reasons = found.filter(({ grade }) => grade !== "low").map((finding) => finding.reason(change));
  const secrets =
    credentials.length === 0
      ? []
      : [`Credentials come into reach: ${listed(credentials)} may be used in these requests.`];
  return {
    grade: gravest([...found.map(({ grade }) => grade), ...(credentials.length > 0 ? ["critical" as const] : [])]),
    reasons: [
      ...secrets,
      ...(reasons.length > 0 ? reasons : ["It only reads, at a named host that is inspected, for a named program."]),
    ],
  };
}
