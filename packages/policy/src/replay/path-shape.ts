/** Which parts of a path are names and which are identifiers, so that requests that differ in an identifier alone are one line. */
import { literalGlob } from "../edit/request.ts";

/** Numbers, UUIDs, ULIDs and hex texts of eight or more digits with a digit among them: made by a machine, not chosen by a person. */
const NUMBER = /^[0-9]{1,20}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const HEX = /^(?=[a-f]*[0-9])[0-9a-f]{8,128}$/i;

export const looksLikeId = (segment: string): boolean =>
  NUMBER.test(segment) || UUID.test(segment) || HEX.test(segment) || ULID.test(segment);

/** The part before the query. */
export function pathOnly(target: string): string {
  const mark = target.indexOf("?");
  return mark === -1 ? target : target.slice(0, mark);
}

const HAS_DIGIT = /[0-9]/;

/** The path as a glob in which every identifier is `*`; all paths of one shape match it. */
export function pathShape(path: string): string {
  // Most paths hold no identifier at all, and this stands on the hot path of a replay.
  if (!HAS_DIGIT.test(path)) return literalGlob(path);
  return path
    .split("/")
    .map((segment) => (looksLikeId(segment) ? "*" : literalGlob(segment)))
    .join("/");
}
