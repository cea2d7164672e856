"use client";
import type { SingleSignOnView } from "@creel/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { Button } from "../../../../ui/button.tsx";
import { CopyText } from "../../../../ui/copy.tsx";
import { Field, SelectField } from "../../../../ui/field.tsx";
import { Facts, Panel } from "../../../../ui/panel.tsx";
import { Refusal } from "../../../../ui/states.tsx";
import { Time } from "../../../../ui/time.tsx";
import { mappingLines, readMapping } from "./mapping.ts";

/** Roles that a provider may give; an owner is made by an owner. */
const ROLES = ["viewer", "developer", "operator", "approver", "auditor", "security_admin"];
const roleOptions = [
  { value: "", text: "none: they stay outside" },
  ...ROLES.map((role) => ({ value: role, text: role.replaceAll("_", " ") })),
];
const textOf = (form: FormData, name: string): string => {
  const value = form.get(name);
  return typeof value === "string" ? value.trim() : "";
};

export const Provider = ({ view, disabledReason }: { view: SingleSignOnView; disabledReason: string | null }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [problem, setProblem] = useState<string | null>(null);
  const [secret, setSecret] = useState("");
  const renewed = () => void queryClient.invalidateQueries(trpc.sso.pathFilter());
  const save = useMutation({
    ...trpc.sso.save.mutationOptions({
      onSuccess: () => {
        setSecret("");
        renewed();
      },
    }),
    // The library keeps what a mutation was given; a secret is not for keeping.
    gcTime: 0,
  });
  const check = useMutation(trpc.sso.check.mutationOptions({}));
  const remove = useMutation(trpc.sso.remove.mutationOptions({ onSuccess: renewed }));
  const { provider } = view;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const mapping = readMapping(textOf(form, "mapping"));
    if (typeof mapping === "string") return setProblem(mapping);
    setProblem(null);
    const claim = textOf(form, "claim");
    const role = textOf(form, "defaultRole");
    save.mutate({
      name: textOf(form, "name"),
      issuer: textOf(form, "issuer"),
      clientId: textOf(form, "clientId"),
      ...(secret === "" ? {} : { clientSecret: secret }),
      clockSkewSeconds: Number(textOf(form, "skew") || "30"),
      roleClaim: claim === "" ? null : claim,
      roleMapping: mapping,
      defaultRole: role === "" ? null : role,
    });
  };
  const error = save.error ?? check.error ?? remove.error;
  return (
    <Panel title="Identity provider">
      <form onSubmit={submit} className="grid max-w-xl gap-3">
        {problem ? <Refusal>{problem}</Refusal> : null}
        {error ? <Refusal>{shownError(error).message}</Refusal> : null}
        <div>
          <p className="font-medium">Redirect URI for your provider</p>
          <CopyText text={view.redirectUri} label="Redirect URI" />
        </div>
        <Field
          label="Name"
          name="name"
          hint="Stands on the button."
          defaultValue={provider?.name}
          required
          maxLength={64}
        />
        <Field
          label="Issuer"
          name="issuer"
          type="url"
          defaultValue={provider?.issuer}
          placeholder="https://login.example.com"
          required
          maxLength={512}
        />
        <Field
          label="Client ID"
          name="clientId"
          defaultValue={provider?.clientId}
          required
          maxLength={256}
          autoComplete="off"
        />
        <Field
          label="Client secret"
          type="password"
          value={secret}
          onChange={(event) => setSecret(event.target.value)}
          hint={provider ? "Left empty, the one that is kept stays." : "It is kept sealed and cannot be read back."}
          maxLength={1024}
          autoComplete="off"
        />
        <SelectField
          label="Role of newcomers"
          name="defaultRole"
          options={roleOptions}
          defaultValue={provider?.defaultRole ?? ""}
        />
        <Field
          label="Claim that names groups"
          name="claim"
          defaultValue={provider?.roleClaim ?? ""}
          placeholder="groups"
          maxLength={128}
        />
        <Field
          label="Roles by group"
          name="mapping"
          hint="group = role, separated by semicolons; the first that fits counts."
          defaultValue={mappingLines(provider?.roleMapping ?? [])}
          placeholder="platform = operator; security = approver"
        />
        <Field
          label="Clock skew in seconds"
          name="skew"
          type="number"
          min={0}
          max={300}
          defaultValue={provider?.clockSkewSeconds ?? 30}
        />
        <div className="flex flex-wrap items-start gap-2">
          <Button type="submit" look="primary" busy={save.isPending} disabledReason={disabledReason}>
            Save provider
          </Button>
          <Button
            busy={check.isPending}
            disabledReason={provider === null ? "Save a provider first." : disabledReason}
            onClick={() => check.mutate({})}
          >
            Test it
          </Button>
          {provider === null ? null : (
            <Button
              busy={remove.isPending}
              disabledReason={provider.enforced ? "Turn enforcement off first." : disabledReason}
              onClick={() => remove.mutate({})}
            >
              Remove provider
            </Button>
          )}
        </div>
        <p role="status" className="text-muted">
          {check.data ? (check.data.problem ?? "It answers as a provider should. Now sign in through it once.") : ""}
        </p>
      </form>
      {provider ? (
        <Facts
          items={[
            { term: "First sign-in with these settings", value: <Time at={provider.provenAt} exact /> },
            { term: "Last sign-in", value: <Time at={provider.lastSignInAt} /> },
          ]}
        />
      ) : null}
    </Panel>
  );
};
