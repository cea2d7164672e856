/** Middlewares: which traffic must pass them, and what they do with it, which no policy file can say. */
import type { Middleware, Policy } from "../model.ts";
import { own as ownOf } from "./own.ts";
import { same, setting } from "./setting.ts";
import type { RiskGrade, SettingChange } from "./types.ts";
import { listed } from "./words.ts";

export function compareMiddlewares(before: Policy, after: Policy): SettingChange[] {
  const [a, b] = [before.network_middlewares, after.network_middlewares];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort().flatMap((key) => {
    const [own, next] = [ownOf(a, key), ownOf(b, key)];
    if (same(own, next)) return [];
    return [
      setting({
        field: `network_middlewares.${key}`,
        before: own,
        after: next,
        ...judgementOf(`\`${key}\``, own, next),
      }),
    ];
  });
}

interface Judged {
  effect: SettingChange["effect"];
  grade: RiskGrade;
  reason: string;
  sentence: string;
}

function judgementOf(name: string, own: Middleware | undefined, next: Middleware | undefined): Judged {
  if (own === undefined)
    return {
      effect: "narrows",
      grade: "low",
      reason: "More traffic must pass a middleware; what it refuses will fail.",
      sentence: `Middleware ${name} is added.`,
    };
  if (next === undefined)
    return {
      effect: "widens",
      grade: "high",
      reason: "Traffic that had to pass the middleware may now pass without it.",
      sentence: `Middleware ${name} is removed.`,
    };
  const wider = widenings(own, next);
  if (wider.length > 0)
    return {
      effect: "widens",
      grade: "high",
      reason:
        "Traffic that the middleware judged may now pass without it, or be judged in a way that the file does not tell.",
      sentence: `Middleware ${name} is changed: ${listed(wider)}.`,
    };
  const narrower = narrowings(own, next);
  if (narrower.length > 0)
    return {
      effect: "narrows",
      grade: "low",
      reason: "More traffic must pass the middleware; what it refuses will fail.",
      sentence: `Middleware ${name} is changed: ${listed(narrower)}.`,
    };
  return {
    effect: "changes",
    grade: "none",
    reason: "Only its name for people changes.",
    sentence: `Middleware ${name} is changed.`,
  };
}

const missing = (from: readonly string[], by: readonly string[]): string[] => {
  const known = new Set(by);
  return from.filter((host) => !known.has(host));
};
const hosts = (list: readonly string[]): string => listed(list.map((host) => `\`${host}\``));

/** What can let more through than before. What a configuration or an order means, only the middleware knows, so any other one counts. */
function widenings(own: Middleware, next: Middleware): string[] {
  const skipped = missing(next.endpoints.exclude ?? [], own.endpoints.exclude ?? []);
  const left = missing(own.endpoints.include, next.endpoints.include);
  return [
    own.middleware === next.middleware ? "" : `it runs \`${next.middleware}\` in place of \`${own.middleware}\``,
    own.on_error === "fail_closed" && next.on_error === "fail_open" ? "where it fails, traffic passes unjudged" : "",
    left.length === 0 ? "" : `it no longer sees ${hosts(left)}`,
    skipped.length === 0 ? "" : `it skips ${hosts(skipped)}`,
    same(own.config, next.config) ? "" : "its configuration is another",
    own.order === next.order ? "" : `its order goes from ${own.order} to ${next.order}`,
  ].filter((text) => text !== "");
}

function narrowings(own: Middleware, next: Middleware): string[] {
  const seen = missing(next.endpoints.include, own.endpoints.include);
  const kept = missing(own.endpoints.exclude ?? [], next.endpoints.exclude ?? []);
  return [
    own.on_error === "fail_open" && next.on_error === "fail_closed" ? "where it fails, traffic is denied" : "",
    seen.length === 0 ? "" : `it also sees ${hosts(seen)}`,
    kept.length === 0 ? "" : `it no longer skips ${hosts(kept)}`,
  ].filter((text) => text !== "");
}
