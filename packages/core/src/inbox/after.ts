/**
 * Where a page of the inbox ended. Threat: between two pages an agent is denied more, and what nobody has seen yet moves to where they have
 * been. Invariant: what a page goes on by never changes: where it began (`asOf`, `sinceDay`) is named with the place, and the order of the
 * groups is made of days' first decisions and of nothing that was dealt with meanwhile.
 */
import { z } from "zod";
import { LIFTED_MAX, PLACES_OF_ROUNDS } from "./limits.ts";
import { dayOf } from "./oldest.ts";

export interface PageEnd {
  asOf: number;
  sinceDay: string;
  round: number;
  first: number;
  groupKey: string;
  /** What the first page had out of its turn: no later page has it again. */
  lifted: readonly string[];
}

const SHAPE =
  /^([0-9]{1,15})\.([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9])\.([0-9]{1,15})\.([A-Za-z0-9_-]{22})\.((?:[A-Za-z0-9_-]{22})*)$/;
const KEY = /.{22}/g;

export const afterText = ({ asOf, sinceDay, round, first, groupKey, lifted }: PageEnd): string =>
  [asOf, sinceDay, round, first, groupKey, lifted.join("")].join(".");

/** A day that there is: some parsers take the 31st of April for the 1st of May, and the database takes it for none. */
function isDay(text: string): boolean {
  const at = Date.parse(text);
  return !Number.isNaN(at) && dayOf(new Date(at)) === text;
}

/** Whoever writes one by hand sees another part of the same list, and no more of it. */
export const afterSchema = z.string().transform((text, told): PageEnd => {
  const [, asOf, sinceDay = "", round, first, groupKey = "", keys = ""] = SHAPE.exec(text) ?? [];
  const lifted = keys.match(KEY) ?? [];
  if (!(Number(round) <= PLACES_OF_ROUNDS.length && isDay(sinceDay) && lifted.length <= LIFTED_MAX)) {
    told.addIssue({ code: "custom", message: "this is no `next` of a page of the inbox" });
    return z.NEVER;
  }
  return { asOf: Number(asOf), sinceDay, round: Number(round), first: Number(first), groupKey, lifted };
});
