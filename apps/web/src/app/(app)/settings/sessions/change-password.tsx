"use client";
import { PASSWORD_CHARS_MAX } from "@creel/core/bounds";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { Button } from "../../../../ui/button.tsx";
import { Field } from "../../../../ui/field.tsx";
import { Panel } from "../../../../ui/panel.tsx";
import { Refusal } from "../../../../ui/states.tsx";
import { Prove } from "../second-factor/prove.tsx";
import { NewPasswordField, wrongPassword } from "./new-password.tsx";
import { SetPassword } from "./set-password.tsx";

export const ChangePassword = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useMutation(
    trpc.auth.changePassword.mutationOptions({
      onSuccess: () => {
        setCurrent("");
        setNext("");
        void queryClient.invalidateQueries(trpc.auth.pathFilter());
      },
    }),
  );
  const factors = useQuery(trpc.auth.listFactors.queryOptions({}));
  const unproved = factors.data?.totpSince != null && factors.data.provedUntil == null;
  const missing = unproved
    ? "Prove first that it is you."
    : current === ""
      ? "Enter the current password."
      : wrongPassword(next);
  if (factors.data?.hasPassword === false) return <SetPassword />;
  return (
    <>
      {unproved ? <Prove asksCode onProved={() => void queryClient.invalidateQueries(trpc.auth.pathFilter())} /> : null}
      <Panel title="Password">
        <form
          className="grid max-w-md gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            if (missing === null) change.mutate({ current, next });
          }}
        >
          {change.error ? <Refusal>{shownError(change.error).message}</Refusal> : null}
          <p role="status" className="text-muted">
            {change.data
              ? `The password is changed. Other sign-ins ended: ${change.data.sessionsEnded}.`
              : "Changing it ends every other sign-in of yours, in every organization."}
          </p>
          <Field
            label="Current password"
            type="password"
            autoComplete="current-password"
            value={current}
            onChange={(event) => setCurrent(event.target.value)}
            maxLength={PASSWORD_CHARS_MAX}
          />
          <NewPasswordField value={next} onChange={setNext} />
          <div>
            <Button type="submit" look="primary" busy={change.isPending} disabledReason={missing}>
              Change password
            </Button>
          </div>
        </form>
      </Panel>
    </>
  );
};
