"use client";
import { DELEGATION_DAYS_MAX, DELEGATION_REASON_CHARS_MAX, DELEGATION_REASON_CHARS_MIN } from "@creel/core/bounds";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { Button } from "../../../../ui/button.tsx";
import { Field, SelectField } from "../../../../ui/field.tsx";
import { Panel } from "../../../../ui/panel.tsx";
import { Refusal } from "../../../../ui/states.tsx";

const DAY_MS = 24 * 60 * 60 * 1000;

const untilAfter = (days: string): string => new Date(Date.now() + Number(days) * DAY_MS).toISOString();

/** To whom, for how long, and why. */
export const LendVotes = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const mayNot = useRefusalOf("approve", "change");
  const candidates = useQuery({ ...trpc.delegation.candidates.queryOptions({}), enabled: mayNot === null });
  const [toUserId, setToUserId] = useState("");
  const [days, setDays] = useState("7");
  const [reason, setReason] = useState("");
  const give = useMutation(
    trpc.delegation.give.mutationOptions({
      onSuccess: () => {
        setToUserId("");
        setReason("");
      },
      onSettled: () => queryClient.invalidateQueries(trpc.delegation.pathFilter()),
    }),
  );
  const problem = give.error ?? candidates.error;
  const refusal =
    mayNot ??
    (toUserId === ""
      ? "Choose to whom."
      : reason.trim().length < DELEGATION_REASON_CHARS_MIN
        ? "Say why, in a few words."
        : null);
  return (
    <Panel title="Lend your votes">
      <form
        className="grid max-w-md gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (refusal === null && !give.isPending)
            give.mutate({ toUserId, until: untilAfter(days), reason: reason.trim() });
        }}
      >
        {problem ? <Refusal>{shownError(problem).message}</Refusal> : null}
        <SelectField
          label="To"
          value={toUserId}
          onChange={(event) => setToUserId(event.target.value)}
          options={[
            { value: "", text: "Choose…" },
            ...(candidates.data?.items ?? []).map(({ id, label }) => ({ value: id, text: label })),
          ]}
        />
        <SelectField
          label="For"
          value={days}
          onChange={(event) => setDays(event.target.value)}
          options={[1, 3, 7, 14, DELEGATION_DAYS_MAX].map((count) => ({
            value: String(count),
            text: count === 1 ? "1 day" : `${count} days`,
          }))}
        />
        <Field
          label="Reason"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          maxLength={DELEGATION_REASON_CHARS_MAX}
          autoComplete="off"
        />
        <div>
          <Button type="submit" look="primary" busy={give.isPending} disabledReason={refusal}>
            Lend votes
          </Button>
        </div>
      </form>
    </Panel>
  );
};
