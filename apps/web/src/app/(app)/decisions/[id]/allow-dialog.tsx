"use client";
import type { DecisionView } from "@creel/core";
import { skipToken, useMutation, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { paths } from "../../../../lib/paths.ts";
import { PlanProgress } from "../../../../parts/plan-progress.tsx";
import { PolicyDiffView } from "../../../../parts/policy-diff/policy-diff-view.tsx";
import { ProposedNotice } from "../../../../parts/proposed-notice.tsx";
import { SaveRefusal } from "../../../../parts/save-refusal.tsx";
import { refusalOf, useComparison } from "../../../../policy/use-comparison.ts";
import { Button } from "../../../../ui/button.tsx";
import { Dialog } from "../../../../ui/dialog.tsx";
import { Field } from "../../../../ui/field.tsx";
import { TextLink } from "../../../../ui/link.tsx";
import { Answer } from "../../../../ui/query.tsx";

const MESSAGE_CHARS_MAX = 2_000;

/**
 * From a denied request to the smallest policy edit that allows it, reviewed before it is saved, and followed until it holds.
 * `instead` stands where the button would, when there is nothing to allow; a dialog that is open stays so.
 */
export const AllowDialog = ({ decision, instead }: { decision: DecisionView; instead: ReactNode }) => {
  const trpc = useTRPC();
  const [open, setOpen] = useState(false);
  const [message, setMessage] = useState("");
  const refusal = useRefusalOf("propose", "policy");
  // Asked afresh at each opening: the policy may have moved since.
  const proposal = useQuery(
    trpc.policy.proposeAllow.queryOptions(open ? { decisionId: decision.id } : skipToken, {
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 0,
    }),
  );
  const save = useMutation(trpc.policy.saveVersion.mutationOptions());
  const change = (next: boolean) => {
    setOpen(next);
    if (next) save.reset();
  };
  const base = proposal.data;
  const comparison = useComparison({
    before: base?.yamlBefore ?? "",
    after: base?.yamlAfter ?? "",
    enabled: open && base !== undefined,
  });
  const nothingToDo = base !== undefined && base.yamlAfter === base.yamlBefore;
  return (
    <>
      {instead ?? (
        <Button look="primary" disabledReason={refusal} onClick={() => change(true)}>
          Allow…
        </Button>
      )}
      <Dialog
        open={open}
        onOpenChange={change}
        wide
        title="Allow this request"
        description={
          <p>
            {save.data
              ? save.data.outcome === "applied"
                ? "The new version is saved and on its way to the nodes."
                : "Nothing has changed yet: somebody has to approve it."
              : "The smallest change of the policy that allows it. Nothing changes until you save."}
          </p>
        }
        footer={
          save.data ? (
            <Button look="primary" onClick={() => change(false)}>
              Done
            </Button>
          ) : (
            <>
              <Button onClick={() => change(false)}>Cancel</Button>
              <Button
                look="primary"
                busy={save.isPending}
                disabledReason={
                  base === undefined
                    ? "There is no change to save yet."
                    : nothingToDo
                      ? "The policy allows it already."
                      : refusalOf(comparison)
                }
                onClick={() => {
                  if (base)
                    save.mutate({
                      policyId: base.policyId,
                      yaml: base.yamlAfter,
                      baseVersion: base.baseVersion,
                      message: message.trim() === "" ? base.sentence : message.trim(),
                    });
                }}
              >
                Save new version
              </Button>
            </>
          )
        }
      >
        {save.data?.outcome === "proposed" ? (
          <ProposedNotice changeId={save.data.changeId} />
        ) : save.data && base ? (
          <div className="grid gap-3">
            <p className="[&_a]:underline">
              Saved as{" "}
              <TextLink href={paths.policy(base.policyId)}>
                {base.policyName} version {save.data.version}
              </TextLink>
              . {base.sentence}
            </p>
            <PlanProgress planIds={save.data.planIds} />
          </div>
        ) : (
          <Answer query={proposal} what="the change">
            {(shown) => (
              <div className="grid min-w-0 gap-4">
                <p className="font-medium">{shown.sentence}</p>
                <PolicyDiffView
                  before={shown.yamlBefore}
                  after={shown.yamlAfter}
                  label={`Change of ${shown.policyName}`}
                  comparison={comparison}
                  judge
                />
                <Field
                  label="Message (optional)"
                  value={message}
                  onChange={(event) => setMessage(event.target.value)}
                  maxLength={MESSAGE_CHARS_MAX}
                  placeholder={shown.sentence}
                  hint={`Why you allow it, for whoever reads the versions of ${shown.policyName} later.`}
                  autoComplete="off"
                />
                {save.error ? (
                  <SaveRefusal
                    error={shownError(save.error)}
                    reload={() => {
                      save.reset();
                      void proposal.refetch();
                    }}
                  />
                ) : null}
              </div>
            )}
          </Answer>
        )}
      </Dialog>
    </>
  );
};
