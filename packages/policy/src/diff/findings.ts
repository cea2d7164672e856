/** What a reviewer looks for in a set of requests. */
import { addressClass, addressWithin } from "../canonical/address.ts";
import { isIpLiteral } from "../canonical/host.ts";
import { compileGlob } from "../glob.ts";
import type { BareChange } from "./requests.ts";
import type { CallerSet, TextSet } from "./types.ts";

type Program = Pick<CallerSet, "match" | "script">;

/** Programs that run what they are told; a shell is one of them. */
const INTERPRETER =
  /^((ba|da|z|fi|k|a|c|tc)?sh|node|bun|deno|python[\d.*]*|perl[\d.*]*|ruby[\d.*]*|php[\d.*]*|lua[\d.*]*|env|xargs|busybox|[gmn]?awk|tclsh|java|ssh|make|find|vim?|ed|expect|gdb|strace|nsenter|unshare|sudo|doas|su)$/;
/** Samples for program globs: does the pattern also name a shell or an interpreter? */
const SAMPLES = ["sh", "bash", "node", "python3", "perl"].flatMap((name) => [
  `/bin/${name}`,
  `/usr/bin/${name}`,
  `/usr/local/bin/${name}`,
]);
const WRITABLE = /^\/(tmp|var\/tmp|dev\/shm|run|sandbox|workspace|home|root)(\/|$)/;

export const isAnyProgram = ({ match }: Program): boolean => match === "/**" || match === "**" || match === "/**/*";

/** A script that is pinned narrows an interpreter to it. */
export function isInterpreter({ match, script }: Program): boolean {
  if (script !== null) return false;
  if (INTERPRETER.test(match.slice(match.lastIndexOf("/") + 1))) return true;
  if (!/[*?[]/.test(match)) return false;
  const glob = compileGlob(match, { separator: "/" });
  return SAMPLES.some(glob);
}

/** A pinned digest cannot be put in another's place. */
export const isWritableProgram = ({ match, sha256 }: CallerSet): boolean =>
  sha256 === null && (WRITABLE.test(match) || /^\/?\*/.test(match));

export const isWildProgram = ({ match, sha256 }: CallerSet): boolean =>
  sha256 === null && /[*?[]/.test(match.slice(0, match.lastIndexOf("/")));

/** Where the set is not limited to public addresses. */
export function isPrivate({ hosts, where }: BareChange): boolean {
  if (hosts.some(({ match }) => isIpLiteral(match) && addressClass(match) !== "public")) return true;
  return where.some((conjunctions) =>
    conjunctions.some(
      ({ all, none }) =>
        [...all, ...none].some(({ kind }) => kind.startsWith("address_")) &&
        !all.some(({ kind }) => kind === "address_public") &&
        !none.some(({ kind }) => kind === "address_known"),
    ),
  );
}

const METADATA = ["100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"];
const METADATA_NAME =
  /^(metadata|instance-data|metadata\.google|metadata\.goog)(\.|$)|(^|\.)metadata(\.|$)|(^|\.)instance-data(\.|$)/;

export const hasMetadataNearby = ({ hosts, where }: BareChange): boolean =>
  hosts.some(({ match }: TextSet) => METADATA_NAME.test(match)) ||
  where.some((conjunctions) =>
    conjunctions.some(({ all }) =>
      all.some(
        (predicate) =>
          predicate.kind === "address_within" && METADATA.some((ip) => addressWithin(ip, predicate.ranges)),
      ),
    ),
  );

/** The same program with a pinned digest stays out of the set: the pin alone kept others from its path. */
export const losesPin = ({ callers }: BareChange): boolean =>
  callers.some(({ sha256, unless }) => sha256 === null && (unless?.sha256.length ?? 0) > 0);

const DAY_MS = 86_400_000;
/** An end put off by more than this is none that anybody will remember. */
const REMEMBERED_MS = 366 * DAY_MS;

/** Where access goes on behind an end that it had: for how long; null where it had none. A deny rule that ends is another finding. */
export function endPutOff({ where, denyRuleRemoved }: BareChange): "for a while" | "for good" | null {
  if (denyRuleRemoved) return null;
  let found: "for a while" | null = null;
  for (const { all, none } of where.flat()) {
    const from = none.flatMap((one) => (one.kind === "before" ? [one.ms] : []));
    const until = all.flatMap((one) => (one.kind === "before" ? [one.ms] : []));
    if (from.length === 0) continue;
    if (earliest(until) - latest(from) > REMEMBERED_MS) return "for good";
    found = "for a while";
  }
  return found;
}
const earliest = (times: readonly number[]): number => times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const latest = (times: readonly number[]): number => times.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
