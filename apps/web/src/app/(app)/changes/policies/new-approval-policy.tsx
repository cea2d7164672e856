"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { ProposedNotice } from "../../../../parts/proposed-notice.tsx";
import { Button } from "../../../../ui/button.tsx";
import { Dialog } from "../../../../ui/dialog.tsx";
import { Field, SelectField } from "../../../../ui/field.tsx";
import { Refusal } from "../../../../ui/states.tsx";
import {
  initialForm,
  kindOptions,
  modeOptions,
  PERSONS_MAX,
  reviewerOptions,
  riskOptions,
  specOf,
  wrongIn,
} from "./form.ts";
import { WeeklyFreeze } from "./weekly-freeze.tsx";

/** The ordinary rule, by a form. What a form cannot say is written over REST, and shown here as sentences. */
export const NewApprovalPolicy = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [open, setOpen] = useState(false);
  const [form, setForm] = useState(initialForm);
  const refusal = useRefusalOf("propose", "approval_policy");
  const save = useMutation(
    trpc.approvalPolicy.save.mutationOptions({
      onSuccess: (answer) => (answer.outcome === "applied" ? setOpen(false) : undefined),
      onSettled: () => queryClient.invalidateQueries(trpc.approvalPolicy.pathFilter()),
    }),
  );
  const set = (key: Exclude<keyof typeof form, "freeze">) => (event: { target: { value: string } }) =>
    setForm({ ...form, [key]: event.target.value });
  const change = (next: boolean) => {
    setOpen(next);
    if (next) {
      save.reset();
      setForm(initialForm);
    }
  };
  return (
    <>
      <Button look="primary" disabledReason={refusal} onClick={() => change(true)}>
        New approval policy
      </Button>
      <Dialog
        open={open}
        onOpenChange={change}
        title="New approval policy"
        description="Whoever wrote or edited a change never counts as its approver."
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
                disabledReason={wrongIn(form)}
                onClick={() =>
                  save.mutate({
                    name: form.name.trim(),
                    mode: form.mode === "enforce" ? "enforce" : "evaluate",
                    spec: specOf(form),
                  })
                }
              >
                Make it
              </Button>
            </>
          )
        }
      >
        {save.data?.outcome === "proposed" ? (
          <ProposedNotice changeId={save.data.changeId} />
        ) : (
          <div className="grid gap-3">
            <Field label="Name" value={form.name} onChange={set("name")} maxLength={64} autoComplete="off" />
            <SelectField label="Changes of" value={form.kind} onChange={set("kind")} options={kindOptions} />
            <SelectField label="At least this risk" value={form.risk} onChange={set("risk")} options={riskOptions} />
            <Field
              label="Persons"
              type="number"
              min={1}
              max={PERSONS_MAX}
              value={form.count}
              onChange={set("count")}
              hint="So many different persons must approve."
            />
            <SelectField label="Of" value={form.reviewer} onChange={set("reviewer")} options={reviewerOptions} />
            <WeeklyFreeze freeze={form.freeze} onChange={(freeze) => setForm({ ...form, freeze })} />
            <SelectField label="Mode" value={form.mode} onChange={set("mode")} options={modeOptions} />
            {save.error ? <Refusal>{shownError(save.error).message}</Refusal> : null}
          </div>
        )}
      </Dialog>
    </>
  );
};
