"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { mayDo, useMe, useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { readScope } from "../../../../lib/scope-text.ts";
import { RoleField, ScopeField } from "../../../../parts/grant-fields.tsx";
import { ProposedNotice, WAITS } from "../../../../parts/proposed-notice.tsx";
import { Button } from "../../../../ui/button.tsx";
import { Field, SelectField } from "../../../../ui/field.tsx";
import { FormDialog } from "../../../../ui/form-dialog.tsx";

const lengths = [
  { value: "", text: "Until somebody ends it" },
  { value: "1", text: "An hour" },
  { value: "8", text: "A working day (8 hours)" },
  { value: "168", text: "A week" },
  { value: "720", text: "30 days" },
];

/** Whom a grant may be for, with the field of the verb that names them. */
const useSubjects = (enabled: boolean) => {
  const trpc = useTRPC();
  const me = useMe();
  const members = useQuery({ ...trpc.member.list.queryOptions({}), enabled: enabled && mayDo(me, "read", "member") });
  const teams = useQuery({ ...trpc.team.list.queryOptions({}), enabled: enabled && mayDo(me, "read", "team") });
  const robots = useQuery({
    ...trpc.serviceAccount.list.queryOptions({}),
    enabled: enabled && mayDo(me, "read", "service_account"),
  });
  return [
    ...(members.data?.items ?? []).map(({ userId, email }) => ({ value: `userId ${userId}`, text: email })),
    ...(teams.data?.items ?? []).map(({ id, name }) => ({ value: `teamId ${id}`, text: `${name} (team)` })),
    ...(robots.data?.items ?? [])
      .filter(({ disabledAt }) => disabledAt === null)
      .map(({ id, name }) => ({ value: `serviceAccountId ${id}`, text: `${name} (service account)` })),
  ];
};

export const GiveGrant = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [open, setOpen] = useState(false);
  const [subject, setSubject] = useState("");
  const [role, setRole] = useState("viewer");
  const [scopeText, setScopeText] = useState("");
  const [hours, setHours] = useState("");
  const [reason, setReason] = useState("");
  const refusal = useRefusalOf("create", "grant");
  const subjects = useSubjects(open);
  const change = (next: boolean) => {
    setOpen(next);
    give.reset();
  };
  const give = useMutation(
    trpc.grant.give.mutationOptions({
      onSuccess: (answer) => {
        void queryClient.invalidateQueries(trpc.grant.pathFilter());
        if (answer.outcome === "applied") change(false);
      },
    }),
  );
  const proposedId = give.data?.outcome === "proposed" ? give.data.changeId : null;
  const { scope, problem } = readScope(scopeText);
  const [field = "", id = ""] = subject.split(" ");
  const submit = () =>
    give.mutate({
      [field]: id,
      role,
      reason,
      ...(scope === undefined ? {} : { scope }),
      ...(hours === "" ? {} : { hours: Number(hours) }),
    });
  return (
    <>
      <Button look="primary" disabledReason={refusal} onClick={() => change(true)}>
        Give a role…
      </Button>
      <FormDialog
        open={open}
        onOpenChange={change}
        title="Give a role"
        description={proposedId === null ? "It holds from the next thing they do here." : WAITS}
        act="Give it"
        busy={give.isPending}
        disabledReason={subject === "" ? "Choose whom." : problem}
        refusal={give.error ? shownError(give.error).message : null}
        onSubmit={submit}
        result={proposedId === null ? null : <ProposedNotice changeId={proposedId} />}
      >
        <SelectField
          label="Whom"
          value={subject}
          onChange={(event) => setSubject(event.target.value)}
          options={[{ value: "", text: "Choose…" }, ...subjects]}
        />
        <RoleField value={role} onChange={setRole} />
        <ScopeField value={scopeText} onChange={setScopeText} problem={problem} />
        <SelectField label="For" value={hours} onChange={(event) => setHours(event.target.value)} options={lengths} />
        <Field
          label="Why"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          maxLength={500}
          autoComplete="off"
        />
      </FormDialog>
    </>
  );
};
