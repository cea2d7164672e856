"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../client/errors.ts";
import { useTRPC } from "../client/trpc.ts";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";

/** Founds an organization and goes there. One that was founded and not entered stands in the menu. */
export const NewOrg = (props: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  enter: (orgId: string) => Promise<boolean>;
}) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [notEntered, setNotEntered] = useState(false);
  const create = useMutation(
    trpc.org.create.mutationOptions({
      onSuccess: async ({ id }) => {
        void queryClient.invalidateQueries(trpc.auth.listOrgs.pathFilter());
        setNotEntered(!(await props.enter(id)));
      },
    }),
  );
  const close = (open: boolean) => {
    if (!open) {
      setName("");
      setNotEntered(false);
      create.reset();
    }
    props.onOpenChange(open);
  };
  const founded = create.isSuccess;
  return (
    <FormDialog
      open={props.open}
      onOpenChange={close}
      title="New organization"
      description="It begins empty, with you as its owner: people, nodes, policies and secrets of this one are not in it. Both audit trails say that you founded it."
      act="Found it"
      busy={create.isPending || (founded && !notEntered)}
      disabledReason={name.trim() === "" ? "Give it a name." : null}
      refusal={create.error ? shownError(create.error).message : null}
      onSubmit={() => create.mutate({ name: name.trim() })}
      result={notEntered ? <p>It is founded, and could not be entered. Choose it in the menu.</p> : null}
    >
      <Field
        label="Name"
        value={name}
        onChange={(event) => setName(event.target.value)}
        maxLength={128}
        autoComplete="off"
        placeholder="Acme Research"
      />
    </FormDialog>
  );
};
