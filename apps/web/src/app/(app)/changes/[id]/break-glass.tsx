"use client";
import type { ChangeDetail } from "@creel/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { Button } from "../../../../ui/button.tsx";
import { Dialog } from "../../../../ui/dialog.tsx";
import { Field, SelectField } from "../../../../ui/field.tsx";
import { Refusal } from "../../../../ui/states.tsx";

const REASON_CHARS_MIN = 10;
const REASON_CHARS_MAX = 2_000;
const HOURS = [1, 2, 4, 8, 24];

/** What it brings about until others have looked at it, and at its end. */
const whatStays = (kind: string): string =>
  kind === "role_grant" || kind === "egress_exception"
    ? "What it gives ends at its end."
    : "At its end what it opened is taken back, unless others keep it; what it closed stays closed until opening it again is approved.";

/** Applying without approvals: says what it costs before it can be done. */
export const BreakGlass = ({ change }: { change: ChangeDetail }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const [hours, setHours] = useState("4");
  const act = useMutation(
    trpc.change.breakGlass.mutationOptions({
      onSuccess: () => setOpen(false),
      onSettled: () => queryClient.invalidateQueries(trpc.change.pathFilter()),
    }),
  );
  return (
    <>
      <Button look="danger" disabledReason={change.refusals.breakGlass} onClick={() => setOpen(true)}>
        Break the glass…
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title="Apply without approvals?"
        description={`It takes effect at once. ${whatStays(change.kind)} Everybody who is passed over is told, and a review stays open until somebody else closes it.`}
        footer={
          <>
            <Button onClick={() => setOpen(false)}>Cancel</Button>
            <Button
              look="danger"
              busy={act.isPending}
              disabledReason={reason.trim().length < REASON_CHARS_MIN ? "Say why, in a sentence." : null}
              onClick={() =>
                act.mutate({ changeId: change.id, digest: change.digest, reason: reason.trim(), hours: Number(hours) })
              }
            >
              Break the glass
            </Button>
          </>
        }
      >
        <div className="grid gap-2">
          <Field
            label="Reason"
            value={reason}
            onChange={(event) => setReason(event.target.value)}
            maxLength={REASON_CHARS_MAX}
            hint="Whoever looks back at it reads this."
            autoComplete="off"
          />
          <SelectField
            label="For"
            value={hours}
            onChange={(event) => setHours(event.target.value)}
            options={HOURS.map((count) => ({ value: String(count), text: count === 1 ? "1 hour" : `${count} hours` }))}
          />
          {act.error ? <Refusal>{shownError(act.error).message}</Refusal> : null}
        </div>
      </Dialog>
    </>
  );
};
