import { type Labels, type RiskGrade, riskGrades } from "@creel/approvals";
import { CreelError } from "../errors/errors.ts";
import type { ChangeKind, In } from "./kinds.ts";
import { TOUCHES_MAX } from "./limits.ts";
import { gravityUnder } from "./underGlass.ts";

export interface Survey {
  base: unknown;
  touches: readonly Labels[];
  risk: RiskGrade;
}

/** What a change stands on, touches and risks at this moment. */
export async function surveyed(at: In, kind: ChangeKind, content: unknown): Promise<Survey> {
  const base = await kind.base(at, content);
  const under = await gravityUnder(at, kind.subject(content));
  const touches = distinct([...(await kind.labels(at, content)), ...under.touches]);
  if (touches.length > TOUCHES_MAX)
    throw new CreelError(
      "conflict",
      `It touches things with more than ${TOUCHES_MAX} different sets of labels. Split it, or label them alike.`,
    );
  const risks = [await kind.risk(at, content), ...under.risks];
  return { base, touches, risk: riskGrades[Math.max(...risks.map((risk) => riskGrades.indexOf(risk)))] ?? "critical" };
}

/** A thousand sandboxes with the same labels are one entry; keys in order, so that equal ones are equal texts. */
function distinct(touches: readonly Labels[]): Labels[] {
  const sorted = touches.map((labels) =>
    Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
  return [...new Map(sorted.map((labels) => [JSON.stringify(labels), labels])).values()];
}
