"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { paths } from "../../../../lib/paths.ts";
import { readScope } from "../../../../lib/scope-text.ts";
import { RoleField, ScopeField } from "../../../../parts/grant-fields.tsx";
import { ShownOnce } from "../../../../parts/shown-once.tsx";
import { Button } from "../../../../ui/button.tsx";
import { Field } from "../../../../ui/field.tsx";
import { FormDialog } from "../../../../ui/form-dialog.tsx";

export const Invite = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [open, setOpen] = useState(false);
  const [email, setEmail] = useState("");
  const [role, setRole] = useState("viewer");
  const [scopeText, setScopeText] = useState("");
  const refusal = useRefusalOf("create", "invitation");
  const create = useMutation(
    trpc.invitation.create.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.invitation.pathFilter()),
    }),
  );
  const change = (next: boolean) => {
    setOpen(next);
    create.reset();
    setEmail("");
    setScopeText("");
  };
  const { scope, problem } = readScope(scopeText);
  return (
    <>
      <Button look="primary" disabledReason={refusal} onClick={() => change(true)}>
        Invite…
      </Button>
      <FormDialog
        open={open}
        onOpenChange={change}
        title="Invite somebody"
        description="They get a link that works once, for three days, for this address alone."
        act="Make the link"
        busy={create.isPending}
        disabledReason={email.trim() === "" ? "Enter an email address." : problem}
        refusal={create.error ? shownError(create.error).message : null}
        onSubmit={() => create.mutate({ email: email.trim(), role, ...(scope === undefined ? {} : { scope }) })}
        result={
          create.data ? (
            <ShownOnce
              first={`Send it to ${create.data.email}.`}
              label="Invitation link"
              text={`${location.origin}${paths.invitation(create.data.token)}`}
            />
          ) : null
        }
      >
        <Field
          label="Email"
          type="email"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          maxLength={254}
          autoComplete="off"
        />
        <RoleField value={role} onChange={setRole} />
        <ScopeField value={scopeText} onChange={setScopeText} problem={problem} />
      </FormDialog>
    </>
  );
};
