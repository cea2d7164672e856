"use client";
import type { Role } from "@creel/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { Button } from "../../../../ui/button.tsx";
import { CopyText } from "../../../../ui/copy.tsx";
import { Dialog } from "../../../../ui/dialog.tsx";
import { Field, SelectField } from "../../../../ui/field.tsx";
import { Refusal } from "../../../../ui/states.tsx";

const lifetimes = [
  { value: "7", text: "7 days" },
  { value: "30", text: "30 days" },
  { value: "90", text: "90 days" },
  { value: "365", text: "A year" },
  { value: "", text: "Until it is revoked" },
];

export const CreateToken = ({ roles }: { roles: readonly Role[] }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [days, setDays] = useState("30");
  const create = useMutation(
    trpc.token.create.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.token.pathFilter()),
    }),
  );
  const change = (next: boolean) => {
    setOpen(next);
    create.reset();
    setName("");
  };
  const submit = () =>
    create.mutate({ name: name.trim(), role, ...(days === "" ? {} : { expiresInDays: Number(days) }) });
  return (
    <>
      <Button look="primary" onClick={() => change(true)}>
        New token
      </Button>
      <Dialog
        open={open}
        onOpenChange={change}
        title="New API token"
        description="It may do what you may at that moment, and of that at most what the role allows. Its name stands in the audit trail."
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
                disabledReason={name.trim() === "" ? "Give it a name." : null}
                onClick={submit}
              >
                Create token
              </Button>
            </>
          )
        }
      >
        {create.data ? (
          <div className="grid gap-2">
            <p>Copy it now. It is not kept in clear and cannot be shown again.</p>
            <CopyText label="API token" text={create.data.token} />
          </div>
        ) : (
          <div className="grid gap-3">
            {create.error ? <Refusal>{shownError(create.error).message}</Refusal> : null}
            <Field
              label="Name"
              value={name}
              onChange={(event) => setName(event.target.value)}
              maxLength={64}
              autoComplete="off"
              placeholder="nightly report"
            />
            <SelectField
              label="Role"
              value={role}
              onChange={(event) => setRole(roles.find((item) => item === event.target.value) ?? "viewer")}
              options={roles.map((item) => ({ value: item, text: item.replace("_", " ") }))}
            />
            <SelectField
              label="Ends after"
              value={days}
              onChange={(event) => setDays(event.target.value)}
              options={lifetimes}
            />
          </div>
        )}
      </Dialog>
    </>
  );
};
