import { type RiskGrade, riskGrades } from "@creel/policy/browser";
import clsx from "clsx";

/** Strength without a colour: colours mean allow, deny, would-deny and waiting. Bars and the word say the same. */
export const RiskBadge = ({ grade }: { grade: RiskGrade }) => {
  const rank = riskGrades.indexOf(grade);
  return (
    <span
      className={clsx(
        "inline-flex items-center gap-1.5 rounded-sm border px-1.5 py-px text-[0.86rem] font-medium whitespace-nowrap",
        rank >= 4 ? "border-text bg-text text-panel" : rank >= 3 ? "border-text" : "border-line-strong/60 text-muted",
      )}
    >
      <span aria-hidden className="inline-flex items-end gap-px">
        {[1, 2, 3, 4].map((bar) => (
          <span
            key={bar}
            className={clsx("w-[3px] bg-current", bar > rank && "opacity-25")}
            style={{ height: `${3 + bar * 2}px` }}
          />
        ))}
      </span>
      {grade === "none" ? "no risk" : `${grade} risk`}
    </span>
  );
};
