"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { paths } from "../../../../lib/paths.ts";
import { readScope } from "../../../../lib/scope-text.ts";
import { Button } from "../../../../ui/button.tsx";
import { CopyText } from "../../../../ui/copy.tsx";
import { Dialog } from "../../../../ui/dialog.tsx";
import { Field, SelectField } from "../../../../ui/field.tsx";
import { Refusal } from "../../../../ui/states.tsx";

export const Invite = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [open, setOpen] = useState(false);
  const [email, setEmail] = useState("");
  const [role, setRole] = useState("viewer");
  const [scopeText, setScopeText] = useState("");
  const refusal = useRefusalOf("create", "invitation");
  const roles = useQuery({ ...trpc.role.list.queryOptions({}), enabled: open });
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
  const missing = email.trim() === "" ? "Enter an email address." : problem;
  return (
    <>
      <Button look="primary" disabledReason={refusal} onClick={() => change(true)}>
        Invite…
      </Button>
      <Dialog
        open={open}
        onOpenChange={change}
        title="Invite somebody"
        description="They get a link that works once, for three days, for this address alone."
        footer={
          create.data ? (
            <Button look="primary" onClick={() => change(false)}>
              Done
            </Button>
          ) : (
            <>
              <Button onClick={() => change(false)}>Cancel</Button>
              <Button
                look="primary"
                busy={create.isPending}
                disabledReason={missing}
                onClick={() => create.mutate({ email: email.trim(), role, ...(scope === undefined ? {} : { scope }) })}
              >
                Make the link
              </Button>
            </>
          )
        }
      >
        {create.data ? (
          <div className="grid gap-2">
            <p>Send it to {create.data.email}. It is not kept in clear and cannot be shown again.</p>
            <CopyText label="Invitation link" text={`${location.origin}${paths.invitation(create.data.token)}`} />
          </div>
        ) : (
          <div className="grid gap-3">
            {create.error ? <Refusal>{shownError(create.error).message}</Refusal> : null}
            <Field
              label="Email"
              type="email"
              value={email}
              onChange={(event) => setEmail(event.target.value)}
              maxLength={254}
              autoComplete="off"
            />
            <SelectField
              label="Role"
              value={role}
              onChange={(event) => setRole(event.target.value)}
              options={(roles.data?.items ?? [{ id: "viewer", name: "viewer" }]).map((item) => ({
                value: item.id,
                text: item.name.replaceAll("_", " "),
              }))}
            />
            <Field
              label="Only over"
              value={scopeText}
              onChange={(event) => setScopeText(event.target.value)}
              error={problem}
              hint="Labels and their values, e.g. env=staging|test. Empty: the whole organization."
              autoComplete="off"
            />
          </div>
        )}
      </Dialog>
    </>
  );
};
