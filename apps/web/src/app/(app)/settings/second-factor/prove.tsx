"use client";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { Button } from "../../../../ui/button.tsx";
import { Field } from "../../../../ui/field.tsx";
import { Panel } from "../../../../ui/panel.tsx";
import { Refusal } from "../../../../ui/states.tsx";

/** The same factors as at the door, for this sign-in alone; good for ten minutes. */
export const Prove = ({ asksCode, onProved }: { asksCode: boolean; onProved: () => void }) => {
  const trpc = useTRPC();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const prove = useMutation({
    ...trpc.auth.prove.mutationOptions({
      onSuccess: () => {
        setPassword("");
        setCode("");
        onProved();
      },
    }),
    gcTime: 0,
  });
  return (
    <Panel title="Prove that it is you">
      <form
        className="grid max-w-xl gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          prove.mutate({ password, ...(asksCode ? { code: code.trim() } : {}) });
        }}
      >
        {prove.error ? <Refusal>{shownError(prove.error).message}</Refusal> : null}
        <Field
          label="Password"
          type="password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          autoComplete="current-password"
          maxLength={1024}
        />
        {asksCode ? (
          <Field
            label="Code"
            value={code}
            onChange={(event) => setCode(event.target.value)}
            autoComplete="one-time-code"
            maxLength={64}
          />
        ) : null}
        <Button type="submit" look="primary" busy={prove.isPending}>
          Prove it
        </Button>
      </form>
    </Panel>
  );
};
