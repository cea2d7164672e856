"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../client/errors.ts";
import { useTRPC } from "../client/trpc.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Refusal } from "../ui/states.tsx";

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
    <Dialog
      open={props.open}
      onOpenChange={close}
      title="New organization"
      description="It begins empty, with you as its owner: people, nodes, policies and secrets of this one are not in it. Both audit trails say that you founded it."
      footer={
        <>
          <Button onClick={() => close(false)}>{founded ? "Close" : "Cancel"}</Button>
          <Button
            look="primary"
            type="submit"
            form="new-organization"
            busy={create.isPending || (founded && !notEntered)}
            disabledReason={founded && notEntered ? "It is founded." : name.trim() === "" ? "Give it a name." : null}
          >
            Found it
          </Button>
        </>
      }
    >
      <form
        id="new-organization"
        className="grid gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== "" && !create.isPending && !founded) create.mutate({ name: name.trim() });
        }}
      >
        {create.error ? <Refusal>{shownError(create.error).message}</Refusal> : null}
        {notEntered ? <Refusal>It is founded, and could not be entered. Choose it in the menu.</Refusal> : null}
        <Field
          label="Name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={128}
          autoComplete="off"
          placeholder="Acme Research"
        />
      </form>
    </Dialog>
  );
};
