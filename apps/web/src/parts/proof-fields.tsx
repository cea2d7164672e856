"use client";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../client/errors.ts";
import { useTRPC } from "../client/trpc.ts";
import { Field } from "../ui/field.tsx";
import { Refusal } from "../ui/states.tsx";

/** The same factors as at the door, for this sign-in alone. What is typed is forgotten with the form. */
export const useProof = ({ asksCode, onProved }: { asksCode: boolean; onProved: () => void }) => {
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
  const submit = () => prove.mutate({ password, ...(asksCode ? { code: code.trim() } : {}) });
  return { password, setPassword, code, setCode, asksCode, submit, busy: prove.isPending, error: prove.error };
};

export const ProofFields = ({ proof, focus }: { proof: ReturnType<typeof useProof>; focus?: boolean }) => (
  <>
    {proof.error ? <Refusal>{shownError(proof.error).message}</Refusal> : null}
    <Field
      label="Password"
      type="password"
      value={proof.password}
      onChange={(event) => proof.setPassword(event.target.value)}
      autoComplete="current-password"
      autoFocus={focus}
      maxLength={1024}
    />
    {proof.asksCode ? (
      <Field
        label="Code"
        value={proof.code}
        onChange={(event) => proof.setCode(event.target.value)}
        autoComplete="one-time-code"
        hint="Of your authenticator, or a recovery code."
        maxLength={64}
      />
    ) : null}
  </>
);
