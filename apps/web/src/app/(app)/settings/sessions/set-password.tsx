"use client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { Button } from "../../../../ui/button.tsx";
import { Panel } from "../../../../ui/panel.tsx";
import { Refusal } from "../../../../ui/states.tsx";
import { NewPasswordField, wrongPassword } from "./new-password.tsx";

/** For somebody whom the identity provider made an account: a way in besides it, where the organization does not enforce it. */
export const SetPassword = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [next, setNext] = useState("");
  const set = useMutation(
    trpc.auth.setPassword.mutationOptions({
      onSuccess: () => {
        setNext("");
        void queryClient.invalidateQueries(trpc.auth.pathFilter());
      },
    }),
  );
  const missing = wrongPassword(next);
  return (
    <Panel title="Password">
      <form
        className="grid max-w-md gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (missing === null && !set.isPending) set.mutate({ next });
        }}
      >
        {set.error ? <Refusal>{shownError(set.error).message}</Refusal> : null}
        <p className="text-muted">
          You have none: your identity provider signs you in. One set here opens this besides.
        </p>
        <NewPasswordField value={next} onChange={setNext} />
        <div>
          <Button type="submit" look="primary" busy={set.isPending} disabledReason={missing}>
            Set password
          </Button>
        </div>
      </form>
    </Panel>
  );
};
