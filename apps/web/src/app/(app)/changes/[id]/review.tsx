"use client";
import type { ChangeDetail, ReviewView } from "@creel/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { paths } from "../../../../lib/paths.ts";
import { Button } from "../../../../ui/button.tsx";
import { Field } from "../../../../ui/field.tsx";
import { TextLink } from "../../../../ui/link.tsx";
import { Facts, Panel } from "../../../../ui/panel.tsx";
import { Refusal } from "../../../../ui/states.tsx";
import { Time } from "../../../../ui/time.tsx";

const NOTE_CHARS_MIN = 10;
const NOTE_CHARS_MAX = 2_000;

const FOUND = { keep: "justified, and kept", justified: "justified", undo: "to be undone" } as const;

/** What carries its own end is never made longer, so nobody keeps it. */
const endsByItself = new Set<string>(["role_grant", "egress_exception"]);

/** What becomes of what was applied. */
const Ending = ({ review, kind }: { review: ReviewView; kind: string }) => {
  if (review.endedAt === null) {
    if (review.endsAt === null) return null;
    return endsByItself.has(kind) ? (
      <>
        Ends <Time at={review.endsAt} />, by itself.
      </>
    ) : (
      <>
        Ends <Time at={review.endsAt} />, unless it is kept: what it opened is taken back, what it closed stays closed
        until opening it again is approved.
      </>
    );
  }
  if (review.endedHow === "kept")
    return (
      <>
        Was kept <Time at={review.endedAt} />.
      </>
    );
  if (review.reopening !== null)
    return (
      <>
        What it opened was taken back, what it closed stays closed <Time at={review.endedAt} />.{" "}
        <TextLink href={paths.change(review.reopening)} className="underline">
          Opening it again waits for approval
        </TextLink>
      </>
    );
  return review.endedHow === "taken_back" ? (
    <>
      Was taken back <Time at={review.endedAt} />.
    </>
  ) : (
    <>
      Is still there. {review.endedNote} <Time at={review.endedAt} />
    </>
  );
};

/** The look back at a broken glass. */
export const Review = ({ change }: { change: ChangeDetail }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [note, setNote] = useState("");
  const close = useMutation(
    trpc.change.closeReview.mutationOptions({
      onSettled: () => queryClient.invalidateQueries(trpc.change.pathFilter()),
    }),
  );
  const { review } = change;
  if (review === null) return null;
  const refusal =
    change.refusals.closeReview ?? (note.trim().length < NOTE_CHARS_MIN ? "Say what you found, in a sentence." : null);
  const act = (verdict: "keep" | "justified" | "undo") =>
    close.mutate({ changeId: change.id, verdict, note: note.trim() });
  return (
    <Panel title="Review of the broken glass">
      <Facts
        items={[
          { term: "By", value: review.brokenBy.label },
          { term: "Reason", value: review.reason },
          { term: "Passed over", value: `${review.skippedCount} who could have approved` },
          { term: "Due", value: <Time at={review.dueAt} /> },
          ...(review.endsAt === null
            ? []
            : [{ term: "What was applied", value: <Ending review={review} kind={change.kind} /> }]),
          ...(review.closedAt
            ? [
                { term: "Closed", value: <Time at={review.closedAt} /> },
                { term: "Closed by", value: review.closedBy ?? "" },
                {
                  term: "Found",
                  value: `${FOUND[review.verdict ?? "justified"]}: ${review.note ?? ""}`,
                },
              ]
            : []),
        ]}
      />
      {review.closedAt === null ? (
        <div className="mt-3 grid gap-2">
          <Field
            label="What you found"
            value={note}
            onChange={(event) => setNote(event.target.value)}
            maxLength={NOTE_CHARS_MAX}
            autoComplete="off"
          />
          <div className="flex flex-wrap gap-2">
            {review.endsAt === null ? null : (
              <Button
                busy={close.isPending}
                disabledReason={change.refusals.keep ?? refusal}
                onClick={() => act("keep")}
              >
                Justified, keep it
              </Button>
            )}
            <Button busy={close.isPending} disabledReason={refusal} onClick={() => act("justified")}>
              Justified, let it end
            </Button>
            <Button look="danger" busy={close.isPending} disabledReason={refusal} onClick={() => act("undo")}>
              Take it back now
            </Button>
          </div>
          {close.data?.closed === false && change.refusals.keep !== null ? (
            <p role="status" className="rounded bg-would-soft px-2.5 py-1.5 text-would">
              {change.refusals.keep}
            </p>
          ) : null}
          {close.error ? <Refusal>{shownError(close.error).message}</Refusal> : null}
        </div>
      ) : null}
    </Panel>
  );
};
