import type { Risk } from "@creel/policy/browser";
import type { ReactNode } from "react";
import { RiskBadge } from "../../ui/risk-badge.tsx";
import { Words } from "../../ui/words.tsx";

/** What every change of a policy begins with: how grave, the whole as a sentence, and why so grave. */
export const ChangeHead = (props: { risk: Risk; sentence: string; beside?: ReactNode }) => (
  <>
    <div className="flex flex-wrap items-start gap-x-2 gap-y-1">
      <RiskBadge grade={props.risk.grade} />
      {props.beside}
      <p className="min-w-0 flex-1 basis-60 font-medium [overflow-wrap:anywhere]">
        <Words>{props.sentence}</Words>
      </p>
    </div>
    {props.risk.reasons.map((reason) => (
      <p key={reason} className="text-muted">
        <Words>{reason}</Words>
      </p>
    ))}
  </>
);
