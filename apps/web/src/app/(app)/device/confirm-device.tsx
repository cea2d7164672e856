"use client";
import type { DeviceLoginView, Role } from "@creel/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../client/errors.ts";
import { useMe } from "../../../client/me.tsx";
import { useTRPC } from "../../../client/trpc.ts";
import { Button } from "../../../ui/button.tsx";
import { SelectField } from "../../../ui/field.tsx";
import { Facts, Panel } from "../../../ui/panel.tsx";
import { Refusal } from "../../../ui/states.tsx";
import { Time } from "../../../ui/time.tsx";

const bounds: readonly { value: Role; text: string }[] = [
  { value: "owner", text: "Everything that I may, but for votes" },
  { value: "operator", text: "At most what an operator may" },
  { value: "developer", text: "At most what a developer may" },
  { value: "viewer", text: "Only look" },
];
const lifetimes = [
  { value: "12", text: "12 hours" },
  { value: "168", text: "7 days" },
  { value: "720", text: "30 days" },
];

/** What asks, what of it is only said, and what it would get. */
export const ConfirmDevice = (props: { code: string; login: DeviceLoginView; onDone: (said: string) => void }) => {
  const { code, login, onDone } = props;
  const trpc = useTRPC();
  const me = useMe();
  const [role, setRole] = useState<Role>("owner");
  const [hours, setHours] = useState("12");
  const approve = useMutation(
    trpc.device.approve.mutationOptions({
      onSuccess: ({ hostName }) => onDone(`Signed in: the command line on ${hostName} goes on by itself.`),
    }),
  );
  const deny = useMutation(
    trpc.device.deny.mutationOptions({ onSuccess: () => onDone("Refused. The code opens nothing any more.") }),
  );
  const problem = approve.error ?? deny.error;
  return (
    <Panel title="A command line asks to be signed in as you">
      <div className="grid gap-4">
        {problem ? <Refusal>{shownError(problem).message}</Refusal> : null}
        <p className="rounded border border-line-strong/60 bg-sunken px-2.5 py-1.5">
          <strong>Only if you started this yourself, just now.</strong> Whoever holds that terminal acts in your name.
          If somebody sent you the code, refuse.
        </p>
        <Facts
          items={[
            { term: "Code", value: <code>{code}</code> },
            { term: "Computer", value: <>{login.hostName} (it says so itself)</> },
            { term: "Address", value: login.address ?? "not known here" },
            { term: "Asked", value: <Time at={login.askedAt} exact /> },
            { term: "Signs in", value: `${me.actor.label} in ${me.org.name}` },
          ]}
        />
        <div className="grid gap-3 sm:grid-cols-2">
          <SelectField
            label="May do"
            value={role}
            onChange={(event) => setRole(bounds.find(({ value }) => value === event.target.value)?.value ?? "viewer")}
            options={bounds}
          />
          <SelectField
            label="Ends after"
            value={hours}
            onChange={(event) => setHours(event.target.value)}
            options={lifetimes}
          />
        </div>
        <div className="flex flex-wrap gap-2">
          <Button
            look="primary"
            busy={approve.isPending}
            onClick={() => approve.mutate({ userCode: code, role, hours: Number(hours) })}
          >
            Sign it in
          </Button>
          <Button look="danger" busy={deny.isPending} onClick={() => deny.mutate({ userCode: code })}>
            Refuse
          </Button>
        </div>
      </div>
    </Panel>
  );
};
