"use client";
import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { shownError } from "../../../client/errors.ts";
import { useRefusalOf } from "../../../client/me.tsx";
import { useTRPC } from "../../../client/trpc.ts";
import { paths } from "../../../lib/paths.ts";
import { ProposedNotice, WAITS } from "../../../parts/proposed-notice.tsx";
import { Button } from "../../../ui/button.tsx";
import { Field } from "../../../ui/field.tsx";
import { FormDialog } from "../../../ui/form-dialog.tsx";

/** A policy without a rule denies everything, which is the safe place to start. */
const EMPTY_POLICY = "version: 1\nnetwork_policies: {}\n";

export const NewPolicy = () => {
  const trpc = useTRPC();
  const router = useRouter();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const refusal = useRefusalOf("create", "policy");
  const create = useMutation(
    trpc.policy.create.mutationOptions({
      onSuccess: (made) => (made.outcome === "applied" ? router.push(paths.policy(made.id)) : undefined),
    }),
  );
  const proposedId = create.data?.outcome === "proposed" ? create.data.changeId : null;
  const change = (next: boolean) => {
    setOpen(next);
    create.reset();
  };
  return (
    <>
      <Button look="primary" disabledReason={refusal} onClick={() => change(true)}>
        New policy
      </Button>
      <FormDialog
        open={open}
        onOpenChange={change}
        title="New policy"
        description={
          proposedId === null ? "It begins by allowing nothing. You write its rules on the next page." : WAITS
        }
        act="Create policy"
        busy={create.isPending}
        disabledReason={name === "" ? "Give it a name." : null}
        refusal={create.error ? shownError(create.error).message : null}
        onSubmit={() => create.mutate({ name, yaml: EMPTY_POLICY, message: "Allows nothing yet." })}
        result={proposedId === null ? null : <ProposedNotice changeId={proposedId} />}
      >
        <Field
          label="Name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          hint="a-z, 0-9 and -, as it stands in commands."
          autoComplete="off"
          maxLength={63}
        />
      </FormDialog>
    </>
  );
};
