"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { paths } from "../../../../lib/paths.ts";
import { Button } from "../../../../ui/button.tsx";
import { Dialog } from "../../../../ui/dialog.tsx";
import { Field } from "../../../../ui/field.tsx";
import { Refusal } from "../../../../ui/states.tsx";
import { ValueField } from "./value-field.tsx";

export const KeepSecret = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const router = useRouter();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const [description, setDescription] = useState("");
  const refusal = useRefusalOf("create", "secret");
  const create = useMutation({
    ...trpc.secret.create.mutationOptions({
      onSuccess: async ({ id }) => {
        await queryClient.invalidateQueries(trpc.secret.pathFilter());
        change(false);
        router.push(paths.secret(id));
      },
    }),
    // The library keeps what a mutation was given; a value is not for keeping.
    gcTime: 0,
  });
  const change = (next: boolean) => {
    setOpen(next);
    create.reset();
    setName("");
    setValue("");
    setDescription("");
  };
  const missing = name === "" ? "Give it a name." : value === "" ? "Give it a value." : null;
  return (
    <>
      <Button look="primary" disabledReason={refusal} onClick={() => change(true)}>
        New secret
      </Button>
      <Dialog
        open={open}
        onOpenChange={change}
        title="New secret"
        description="Keep the value elsewhere, too: it can be replaced here, and not read."
        footer={
          <>
            <Button onClick={() => change(false)}>Cancel</Button>
            <Button
              look="primary"
              busy={create.isPending}
              disabledReason={missing}
              onClick={() => create.mutate({ name, value, description })}
            >
              Keep secret
            </Button>
          </>
        }
      >
        <div className="grid gap-3">
          {create.error ? <Refusal>{shownError(create.error).message}</Refusal> : null}
          <Field
            label="Name"
            hint="As policies and environments name it."
            value={name}
            onChange={(event) => setName(event.target.value.trim())}
            maxLength={128}
            autoComplete="off"
            spellCheck={false}
            placeholder="GITHUB_TOKEN"
          />
          <ValueField value={value} onChange={setValue} />
          <Field
            label="What for"
            value={description}
            onChange={(event) => setDescription(event.target.value)}
            maxLength={512}
            autoComplete="off"
            placeholder="reads the tickets of the payments team"
          />
        </div>
      </Dialog>
    </>
  );
};
