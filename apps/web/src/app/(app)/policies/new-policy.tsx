"use client";
import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { shownError } from "../../../client/errors.ts";
import { useRefusalOf } from "../../../client/me.tsx";
import { useTRPC } from "../../../client/trpc.ts";
import { paths } from "../../../lib/paths.ts";
import { Button } from "../../../ui/button.tsx";
import { Dialog } from "../../../ui/dialog.tsx";
import { Field } from "../../../ui/field.tsx";
import { Refusal } from "../../../ui/states.tsx";

/** A policy without a rule denies everything, which is the safe place to start. */
const EMPTY_POLICY = "version: 1\nnetwork_policies: {}\n";

export const NewPolicy = () => {
  const trpc = useTRPC();
  const router = useRouter();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const refusal = useRefusalOf("create", "policy");
  const create = useMutation(
    trpc.policy.create.mutationOptions({ onSuccess: (policy) => router.push(paths.policy(policy.id)) }),
  );
  return (
    <>
      <Button look="primary" disabledReason={refusal} onClick={() => setOpen(true)}>
        New policy
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title="New policy"
        description="It begins by allowing nothing. You write its rules on the next page."
        footer={
          <>
            <Button onClick={() => setOpen(false)}>Cancel</Button>
            <Button
              look="primary"
              busy={create.isPending}
              disabledReason={name === "" ? "Give it a name." : null}
              onClick={() => create.mutate({ name, yaml: EMPTY_POLICY, message: "Allows nothing yet." })}
            >
              Create policy
            </Button>
          </>
        }
      >
        <div className="grid gap-2">
          {create.error ? <Refusal>{shownError(create.error).message}</Refusal> : null}
          <Field
            label="Name"
            value={name}
            onChange={(event) => setName(event.target.value)}
            hint="a-z, 0-9 and -, as it stands in commands."
            autoComplete="off"
            maxLength={63}
          />
        </div>
      </Dialog>
    </>
  );
};
