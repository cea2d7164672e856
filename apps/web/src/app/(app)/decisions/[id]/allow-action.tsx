"use client";
import type { DecisionView } from "@creel/core";
import { paths } from "../../../../lib/paths.ts";
import { TextLink } from "../../../../ui/link.tsx";
import { Words } from "../../../../ui/words.tsx";
import { AllowDialog } from "./allow-dialog.tsx";
import { hindranceOf } from "./hindrance.ts";
import { useWhy } from "./use-why.ts";

/** "Allow…" where a change of the policy would allow it; else why there is nothing to press. */
export const AllowAction = ({ decision }: { decision: DecisionView }) => {
  const why = useWhy(decision.id);
  const hindrance = hindranceOf(decision, why.data);
  // No button until it is known whether there is one, so that none vanishes under the pointer.
  const unknown = why.isPending ? <span /> : null;
  const instead =
    hindrance === null ? (
      unknown
    ) : (
      <p className="max-w-sm text-muted [&_a]:underline">
        {hindrance.kind === "allowed" ? (
          <>
            <TextLink href={paths.policy(hindrance.policyId)}>
              {hindrance.policyName} version {hindrance.version}
            </TextLink>{" "}
            allows it now.
          </>
        ) : (
          <Words>{hindrance.sentence}</Words>
        )}
      </p>
    );
  return <AllowDialog decision={decision} instead={instead} />;
};
