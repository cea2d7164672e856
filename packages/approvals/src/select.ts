import { type ApprovalSpec, type Labels, type RiskGrade, riskGrades, type Selector } from "./types.ts";

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

/** When a freeze that holds at this instant ends, or null; overlapping ones count as one. */
export function frozenUntil(specs: readonly Pick<ApprovalSpec, "freezes">[], at: Date): Date | null {
  const freezes = specs.flatMap((spec) => spec.freezes);
  let until = at.getTime();
  for (let found = true; found; ) {
    const holding = freezes.filter(({ from, until: end }) => Date.parse(from) <= until && until < Date.parse(end));
    found = holding.length > 0;
    until = Math.max(until, ...holding.map(({ until: end }) => Date.parse(end)));
  }
  return until === at.getTime() ? null : new Date(until);
}
