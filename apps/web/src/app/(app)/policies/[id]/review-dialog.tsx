"use client";
import { MESSAGE_CHARS_MAX } from "@creel/core/bounds";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { PlanProgress } from "../../../../parts/plan-progress.tsx";
import { PolicyDiffView } from "../../../../parts/policy-diff/policy-diff-view.tsx";
import { ReplayPart } from "../../../../parts/policy-diff/replay-part.tsx";
import { ProposedNotice } from "../../../../parts/proposed-notice.tsx";
import { SaveRefusal } from "../../../../parts/save-refusal.tsx";
import type { SavedText } from "../../../../policy/draft.ts";
import { refusalOf, useComparison } from "../../../../policy/use-comparison.ts";
import { Button } from "../../../../ui/button.tsx";
import { Dialog } from "../../../../ui/dialog.tsx";
import { Field } from "../../../../ui/field.tsx";

const savedTitle = (saved: { outcome: "applied"; version: number } | { outcome: "proposed" }): string =>
  saved.outcome === "applied" ? `Saved as version ${saved.version}` : "Proposed, and waiting for approval";

/** The change as it will be saved, before it is saved; afterwards its way to the nodes. */
export const ReviewDialog = (props: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  policyId: string;
  policyName: string;
  sandboxCount: number;
  base: { version: number; yaml: string };
  text: string;
  onReload: () => void;
  onSaved: (saved: SavedText) => void;
}) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [message, setMessage] = useState("");
  const save = useMutation(
    trpc.policy.saveVersion.mutationOptions({
      onSuccess: (saved, { yaml }) => {
        if (saved.outcome === "applied") props.onSaved({ version: saved.version, yaml });
        return queryClient.invalidateQueries(trpc.policy.pathFilter());
      },
    }),
  );
  const { open, base, text } = props;
  const comparison = useComparison({ before: base.yaml, after: text, enabled: open });
  const close = (next: boolean) => {
    props.onOpenChange(next);
    if (!next) {
      save.reset();
      setMessage("");
    }
  };
  const count = props.sandboxCount;
  return (
    <Dialog
      open={open}
      onOpenChange={close}
      wide
      title={save.data ? savedTitle(save.data) : `Save ${props.policyName}?`}
      description={
        <p>
          {count === 0
            ? "No sandbox uses this policy now."
            : `It will hold ${count === 1 ? "one running or stopped sandbox" : `${count} sandboxes`} at once; connections that are no longer allowed are cut.`}
        </p>
      }
      footer={
        save.data ? (
          <Button look="primary" onClick={() => close(false)}>
            Done
          </Button>
        ) : (
          <>
            <Button onClick={() => close(false)}>Cancel</Button>
            <Button
              look="primary"
              busy={save.isPending}
              disabledReason={refusalOf(comparison)}
              onClick={() =>
                save.mutate({
                  policyId: props.policyId,
                  yaml: text,
                  baseVersion: base.version,
                  message: message.trim(),
                })
              }
            >
              Save new version
            </Button>
          </>
        )
      }
    >
      {save.data ? (
        save.data.outcome === "applied" ? (
          <PlanProgress planIds={save.data.planIds} />
        ) : (
          <ProposedNotice changeId={save.data.changeId} />
        )
      ) : (
        <div className="grid min-w-0 gap-4">
          <PolicyDiffView
            before={base.yaml}
            after={text}
            label={`Change of ${props.policyName}`}
            comparison={comparison}
            judge
          />
          <ReplayPart policyId={props.policyId} yaml={text} />
          <Field
            label="Message (optional)"
            value={message}
            onChange={(event) => setMessage(event.target.value)}
            maxLength={MESSAGE_CHARS_MAX}
            hint="Why, for whoever reads the versions later."
            autoComplete="off"
          />
          {save.error ? (
            <SaveRefusal
              error={shownError(save.error)}
              reload={() => {
                void queryClient.invalidateQueries(trpc.policy.pathFilter()).then(props.onReload);
                close(false);
              }}
            />
          ) : null}
        </div>
      )}
    </Dialog>
  );
};
