"use client";
import type { DecisionView } from "@creel/core";
import { paths } from "../../../../lib/paths.ts";
import { TextLink } from "../../../../ui/link.tsx";
import { Words } from "../../../../ui/words.tsx";
import { hindranceOf } from "./hindrance.ts";
import { RuleDialog } from "./rule-dialog.tsx";
import { useWhy } from "./use-why.ts";

/** What somebody came here to propose, from the inbox. */
export interface Wish {
  propose: "allow" | "deny";
  reason: string;
}

/**
 * "Allow…" where a change of the policy would allow it, else why there is nothing to press; and "Deny for good…" where the request was
 * read, so that a deny rule can name it.
 */
export const RuleActions = ({ decision, wish }: { decision: DecisionView; wish: Wish | null }) => {
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
  const opened = (rule: Wish["propose"]) => (wish?.propose === rule ? { reason: wish.reason } : null);
  return (
    <>
      <RuleDialog rule="allow" decision={decision} instead={instead} opened={opened("allow")} />
      {decision.method === null || decision.binary === null ? null : (
        <RuleDialog rule="deny" decision={decision} instead={null} opened={opened("deny")} />
      )}
    </>
  );
};
