/** `diff`: what a new version of a policy changes, as sets with a risk grade each. */
import type { Policy } from "../model.ts";
import { credentialPlaces } from "./credentials.ts";
import { compareRequests } from "./requests.ts";
import { gravest, riskOfRequests } from "./risk.ts";
import { compareSettings } from "./settings.ts";
import { sideOf } from "./sides.ts";
import type { DiffOptions, PolicyDiff, RequestChange } from "./types.ts";
import { sentenceOf } from "./words.ts";

export { changeCovers } from "./covers.ts";
export { isGraver, riskGrades } from "./risk.ts";
export { describeCaller, describeTextSet } from "./words.ts";

/** Both policies must come from `parsePolicy`; a malformed glob throws RangeError. */
export function diffPolicies(before: Policy, after: Policy, options: DiffOptions): PolicyDiff {
  const sideOptions = { nowMs: options.nowMs, middlewares: options.middlewares ?? [] };
  const [a, b] = [sideOf(before, sideOptions), sideOf(after, sideOptions)];
  const { changes, exact } = compareRequests({ before: a, after: b, ...sideOptions });
  const places = credentialPlaces(after);
  const requests = changes.map(
    (change): RequestChange => ({
      ...change,
      risk: riskOfRequests(change, places),
      sentence: sentenceOf(change),
    }),
  );
  const settings = compareSettings(before, after, options.nowMs);
  return {
    requests: requests.sort(byGravity),
    settings,
    exact,
    risk: gravest([...requests, ...settings].map(({ risk }) => risk.grade)),
  };
}

/** Allowed before denied, the gravest first. */
function byGravity(a: RequestChange, b: RequestChange): number {
  if (a.effect !== b.effect) return a.effect === "allow" ? -1 : 1;
  return rank(b) - rank(a);
}
const rank = ({ risk }: RequestChange): number => ["none", "low", "medium", "high", "critical"].indexOf(risk.grade);
