"use client";
import type { PolicyProblem } from "@creel/policy/browser";
import type { ShownError } from "../client/errors.ts";
import { Button } from "../ui/button.tsx";
import { ProblemList } from "./problem-list.tsx";

/** Guarantee: core fills the details of `policy_invalid` with problems; anything else shows as none. */
const problemsOf = (details: unknown): readonly PolicyProblem[] => {
  const found: unknown =
    typeof details === "object" && details !== null && "problems" in details ? details.problems : details;
  return Array.isArray(found) ? (found as PolicyProblem[]) : [];
};

/** Why a version was not saved: somebody was quicker, or the text does not hold. */
export const SaveRefusal = ({ error, reload }: { error: ShownError; reload: () => void }) => (
  <div role="alert" className="grid gap-2 rounded border border-deny/40 bg-deny-soft px-3 py-2">
    {error.code === "conflict" ? (
      <>
        <p className="text-deny">
          Somebody saved another version meanwhile, so this change would undo theirs. Nothing was saved.
        </p>
        <div>
          <Button onClick={reload}>Load the newest version</Button>
        </div>
      </>
    ) : (
      <p className="text-deny">{error.message}</p>
    )}
    {error.code === "policy_invalid" ? <ProblemList problems={problemsOf(error.details)} /> : null}
  </div>
);
