import { type Labels, type RiskGrade, riskGrades, type Selector } from "./types.ts";

export interface Subject {
  kind: string;
  risk: RiskGrade;
  /** One entry for each thing that the change touches. */
  touches: readonly Labels[];
}

/** Every condition of a selector must hold; labels hold where one single touched thing carries all of them. */
export function selects(selector: Selector, subject: Subject): boolean {
  const { kinds, labels, riskAtLeast } = selector;
  if (kinds !== undefined && !kinds.includes(subject.kind)) return false;
  if (riskAtLeast !== undefined && riskGrades.indexOf(subject.risk) < riskGrades.indexOf(riskAtLeast)) return false;
  if (labels === undefined) return true;
  const wanted = Object.entries(labels);
  return subject.touches.some((thing) =>
    wanted.every(([key, values]) => Object.hasOwn(thing, key) && values.includes(thing[key] ?? "")),
  );
}
