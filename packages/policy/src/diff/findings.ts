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
