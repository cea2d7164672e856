"use client";
import type { Role } from "@creel/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { mayDo, useMe } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { ShownOnce } from "../../../../parts/shown-once.tsx";
import { Button } from "../../../../ui/button.tsx";
import { Field, SelectField } from "../../../../ui/field.tsx";
import { FormDialog } from "../../../../ui/form-dialog.tsx";

const lifetimes = [
  { value: "7", text: "7 days" },
  { value: "30", text: "30 days" },
  { value: "90", text: "90 days" },
  { value: "365", text: "A year" },
  { value: "", text: "Until it is revoked" },
];

/** The service accounts that this person may make tokens for. */
const useAccounts = (enabled: boolean) => {
  const trpc = useTRPC();
  const me = useMe();
  const may = mayDo(me, "create", "token") && mayDo(me, "read", "service_account");
  const query = useQuery({ ...trpc.serviceAccount.list.queryOptions({}), enabled: enabled && may });
  return (query.data?.items ?? []).filter(({ disabledAt }) => disabledAt === null);
};

export const CreateToken = ({ roles }: { roles: readonly Role[] }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [days, setDays] = useState("30");
  const [account, setAccount] = useState("");
  const accounts = useAccounts(open);
  const create = useMutation(
    trpc.token.create.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.token.pathFilter()),
    }),
  );
  const change = (next: boolean) => {
    setOpen(next);
    create.reset();
    setName("");
    setAccount("");
  };
  const submit = () =>
    create.mutate({
      name: name.trim(),
      role,
      ...(account === "" ? {} : { serviceAccountId: account }),
      ...(days === "" ? {} : { expiresInDays: Number(days) }),
    });
  return (
    <>
      <Button look="primary" onClick={() => change(true)}>
        New token
      </Button>
      <FormDialog
        open={open}
        onOpenChange={change}
        title="New API token"
        description="It may do what its owner may at that moment, and of that at most what the role allows. Its name stands in the audit trail."
        act="Create token"
        busy={create.isPending}
        disabledReason={name.trim() === "" ? "Give it a name." : null}
        refusal={create.error ? shownError(create.error).message : null}
        onSubmit={submit}
        result={create.data ? <ShownOnce first="Copy it now." label="API token" text={create.data.token} /> : null}
      >
        <Field
          label="Name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={64}
          autoComplete="off"
          placeholder="nightly report"
        />
        {accounts.length === 0 ? null : (
          <SelectField
            label="Whose"
            value={account}
            onChange={(event) => setAccount(event.target.value)}
            options={[
              { value: "", text: "Yours" },
              ...accounts.map(({ id, name: called }) => ({ value: id, text: `${called} (service account)` })),
            ]}
          />
        )}
        <SelectField
          label="Role"
          value={role}
          onChange={(event) => setRole(roles.find((item) => item === event.target.value) ?? "viewer")}
          options={roles.map((item) => ({ value: item, text: item.replace("_", " ") }))}
        />
        <SelectField
          label="Ends after"
          value={days}
          onChange={(event) => setDays(event.target.value)}
          options={lifetimes}
        />
      </FormDialog>
    </>
  );
};
