import type { Place } from "../types.ts";
import type { Problems } from "../yaml/problems.ts";

/** What a check needs to say where something is wrong. */
export interface CheckContext {
  problems: Problems;
  at(field: string): Place;
}

export const fail = (ctx: CheckContext, code: string, field: string, message: string, remedy: string): void =>
  ctx.problems.error(code, ctx.at(field), message, remedy);
export const warn = (ctx: CheckContext, code: string, field: string, message: string, remedy: string): void =>
  ctx.problems.warn(code, ctx.at(field), message, remedy);

/** Lists keep `undefined` where an item could not be read, so that indexes name the right item. */
export function present<T>(list: readonly (T | undefined)[] | undefined): [T, number][] {
  const found: [T, number][] = [];
  (list ?? []).forEach((item, index) => {
    if (item !== undefined) found.push([item, index]);
  });
  return found;
}
