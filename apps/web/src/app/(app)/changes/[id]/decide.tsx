"use client";
import type { ChangeDetail } from "@creel/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { PlanProgress } from "../../../../parts/plan-progress.tsx";
import { Button } from "../../../../ui/button.tsx";
import { Field } from "../../../../ui/field.tsx";
import { Panel } from "../../../../ui/panel.tsx";
import { Refusal } from "../../../../ui/states.tsx";
import { BreakGlass } from "./break-glass.tsx";
import { useDecisionKeys } from "./use-decision-keys.ts";

const COMMENT_CHARS_MAX = 2_000;

/** Approve and reject what is shown: the digest goes with the vote, so an edit meanwhile is never approved unseen. */
export const Decide = ({ change }: { change: ChangeDetail }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [comment, setComment] = useState("");
  const [asked, setAsked] = useState<"approve" | "reject" | null>(null);
  const settled = () => queryClient.invalidateQueries(trpc.change.pathFilter());
  const vote = useMutation(trpc.change.vote.mutationOptions({ onSettled: settled, onSuccess: () => setAsked(null) }));
  const withdraw = useMutation(trpc.change.withdraw.mutationOptions({ onSettled: settled }));
  const apply = useMutation(trpc.change.applyNow.mutationOptions({ onSettled: settled }));
  const { refusals } = change;
  const cast = (verdict: "approve" | "reject") =>
    vote.mutate({ changeId: change.id, digest: change.digest, verdict, comment: comment.trim() });
  useDecisionKeys({
    onKey: (verdict) => setAsked(refusals[verdict] === null ? verdict : null),
    onConfirm: () => (asked === null || vote.isPending ? undefined : cast(asked)),
    onCancel: () => setAsked(null),
  });
  useEffect(() => {
    if (refusals.approve !== null) setAsked(null);
  }, [refusals.approve]);
  const over = change.state !== "open" && change.state !== "approved";
  const error = vote.error ?? withdraw.error ?? apply.error;
  if (over) return vote.data ? <Done planIds={vote.data.planIds} /> : null;
  return (
    <Panel title="Decide">
      <div className="grid gap-3">
        <Field
          label="Comment (optional)"
          value={comment}
          onChange={(event) => setComment(event.target.value)}
          maxLength={COMMENT_CHARS_MAX}
          autoComplete="off"
        />
        <div className="flex flex-wrap items-start gap-2">
          <Button
            look="primary"
            busy={vote.isPending}
            disabledReason={refusals.approve}
            onClick={() => cast("approve")}
          >
            Approve
          </Button>
          <Button look="danger" busy={vote.isPending} disabledReason={refusals.reject} onClick={() => cast("reject")}>
            Reject
          </Button>
        </div>
        <p role="status" className="text-muted">
          {refusals.approve !== null && refusals.reject !== null ? null : asked === null ? (
            <>
              <kbd>a</kbd> approves, <kbd>r</kbd> rejects, each asked back.
            </>
          ) : (
            <>
              {asked === "approve" ? "Approve" : "Reject"} this change? <kbd>Enter</kbd> does it, <kbd>Esc</kbd> does
              not.
            </>
          )}
        </p>
        <div className="flex flex-wrap items-start gap-2">
          {change.state === "approved" ? (
            <Button
              busy={apply.isPending}
              disabledReason={refusals.apply}
              onClick={() => apply.mutate({ changeId: change.id })}
            >
              Apply now if its time has come
            </Button>
          ) : null}
          <Button
            busy={withdraw.isPending}
            disabledReason={refusals.withdraw}
            onClick={() => withdraw.mutate({ changeId: change.id })}
          >
            Withdraw
          </Button>
          <BreakGlass change={change} />
        </div>
        {error ? <Refusal>{shownError(error).message}</Refusal> : null}
      </div>
    </Panel>
  );
};

const Done = ({ planIds }: { planIds: string[] }) => (
  <Panel title="Decided">{planIds.length === 0 ? <p>Your vote is in.</p> : <PlanProgress planIds={planIds} />}</Panel>
);
