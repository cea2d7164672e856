"use client";
import type { SandboxView } from "@creel/core";
import { MESSAGE_CHARS_MAX } from "@creel/core/bounds";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { Button } from "../../../../ui/button.tsx";
import { Dialog } from "../../../../ui/dialog.tsx";
import { Field } from "../../../../ui/field.tsx";
import { Refusal } from "../../../../ui/states.tsx";
import { Time } from "../../../../ui/time.tsx";

/** Says that it is held, by whom and why, and is the only way out. */
export const QuarantineNotice = ({ sandbox }: { sandbox: SandboxView }) => {
  if (sandbox.desiredState !== "quarantined") return null;
  const { hold } = sandbox;
  return (
    <section
      aria-label="Quarantine"
      className="flex flex-wrap items-start justify-between gap-3 rounded-md border border-deny/40 bg-deny-soft px-3 py-2"
    >
      <div className="min-w-0 [overflow-wrap:anywhere]">
        <p className="font-medium text-deny">In quarantine</p>
        {hold === null ? null : (
          <p>
            By {hold.by}, <Time at={hold.at} />
            {hold.reason === "" ? ", without a reason given." : `: ${hold.reason}`}
          </p>
        )}
        <p>Its workspace, log and record are kept. No restart, plan or restart of the node starts it.</p>
      </div>
      <Release sandbox={sandbox} />
    </section>
  );
};

const Release = ({ sandbox }: { sandbox: SandboxView }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const release = useMutation(
    trpc.sandbox.release.mutationOptions({
      onSuccess: () => {
        setOpen(false);
        void queryClient.invalidateQueries(trpc.sandbox.pathFilter());
      },
    }),
  );
  const refusal = useRefusalOf("operate", "quarantine");
  return (
    <>
      <Button
        disabledReason={refusal}
        onClick={() => {
          release.reset();
          setReason("");
          setOpen(true);
        }}
      >
        Release…
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={`Release ${sandbox.name}?`}
        description={<p>It is stopped then, and whoever may operate it can start it with its workspace as it is.</p>}
        footer={
          <>
            <Button onClick={() => setOpen(false)}>Cancel</Button>
            <Button
              look="primary"
              busy={release.isPending}
              disabledReason={reason.trim() === "" ? "Say why first." : null}
              onClick={() => release.mutate({ sandboxId: sandbox.id, reason })}
            >
              {release.isPending ? "Releasing…" : `Release ${sandbox.name}`}
            </Button>
          </>
        }
      >
        <div className="grid gap-3">
          <Field
            label="Why it may run again"
            hint="Stands in the audit."
            value={reason}
            maxLength={MESSAGE_CHARS_MAX}
            autoComplete="off"
            onChange={(event) => setReason(event.target.value)}
          />
          {release.error ? <Refusal>{shownError(release.error).message}</Refusal> : null}
        </div>
      </Dialog>
    </>
  );
};
