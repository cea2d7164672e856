"use client";
import type { PolicyProblem } from "@creel/policy/browser";
import { Badge } from "../ui/badge.tsx";
import { Words } from "../ui/words.tsx";

/** Each problem with its place, what is wrong and what to write instead. */
export const ProblemList = (props: {
  problems: readonly PolicyProblem[];
  goTo?: (place: { line: number; column: number }) => void;
}) => (
  <ul aria-label="Problems" className="grid gap-1.5">
    {props.problems.map((problem) => {
      const { line, column, field } = problem.place;
      const where = `line ${line}, column ${column}`;
      return (
        <li key={`${problem.code}:${line}:${column}:${field}`}>
          <Badge tone={problem.severity === "error" ? "deny" : "would"}>{problem.severity}</Badge>{" "}
          {props.goTo ? (
            <button
              type="button"
              className="text-accent underline-offset-2 hover:underline"
              onClick={() => props.goTo?.({ line, column })}
            >
              {where}
            </button>
          ) : (
            <span className="text-muted">{where}</span>
          )}{" "}
          <Words>{problem.message}</Words>{" "}
          <span className="text-muted">
            <Words>{problem.remedy}</Words>
          </span>
        </li>
      );
    })}
  </ul>
);
