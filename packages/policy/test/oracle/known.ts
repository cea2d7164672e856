import type { Difference } from "./compare.ts";

/** Where the engine and the page differ: nowhere. The list may only shrink. */
export const known: { why: string; is: (difference: Difference) => boolean }[] = [];

export const unexplained = (difference: Difference): boolean => !known.some(({ is }) => is(difference));
