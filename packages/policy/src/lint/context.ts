import type { Policy } from "../model.ts";
import type { Place } from "../types.ts";
import type { Problems } from "../yaml/problems.ts";

export interface Lint {
  policy: Policy;
  at(field: string): Place;
  problems: Problems;
}
