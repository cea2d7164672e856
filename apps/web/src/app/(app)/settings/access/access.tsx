"use client";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { mayDo, useMe } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { HeldGrants } from "../../../../parts/held-grants.tsx";
import { Badge } from "../../../../ui/badge.tsx";
import { SelectField } from "../../../../ui/field.tsx";
import { PageHeader, Panel } from "../../../../ui/panel.tsx";
import { Refusal } from "../../../../ui/states.tsx";

const says = { allows: "allows it", lacks_permission: "does not name it", misses_scope: "does not cover it" } as const;

/** "May X do Y on Z, and why": asked of the server that decides, by the grants of this moment. */
export const Access = () => {
  const trpc = useTRPC();
  const me = useMe();
  const [userId, setUserId] = useState("");
  const [permission, setPermission] = useState("sandbox:operate");
  const [thing, setThing] = useState("");
  const members = useQuery(trpc.member.list.queryOptions({}));
  const roles = useQuery(trpc.role.list.queryOptions({}));
  const sandboxes = useQuery({ ...trpc.sandbox.list.queryOptions({}), enabled: mayDo(me, "read", "sandbox") });
  const nodes = useQuery({ ...trpc.node.list.queryOptions({}), enabled: mayDo(me, "read", "node") });
  const policies = useQuery({ ...trpc.policy.list.queryOptions({}), enabled: mayDo(me, "read", "policy") });
  const things = [
    { value: "", text: "any" },
    ...(sandboxes.data?.items ?? []).map(({ id, name }) => ({ value: `sandboxId ${id}`, text: `sandbox ${name}` })),
    ...(nodes.data?.items ?? []).map(({ id, name }) => ({ value: `nodeId ${id}`, text: `node ${name}` })),
    ...(policies.data?.items ?? []).map(({ id, name }) => ({ value: `policyId ${id}`, text: `policy ${name}` })),
  ];
  const all = roles.data?.items.find(({ id }) => id === "owner")?.permissions ?? [];
  const chosen = all.find((each) => each === permission);
  const [kind, action] = (chosen ?? "sandbox:operate").split(":");
  const [field = "", id = ""] = thing.split(" ");
  const verdict = useQuery({
    ...trpc.access.ask.queryOptions(asQuestion({ userId, kind, action, ...(thing === "" ? {} : { [field]: id }) })),
    enabled: userId !== "" && chosen !== undefined,
  });
  return (
    <>
      <PageHeader title="Access" lead="May somebody do this to that, and why. Asking changes nothing." />
      <div className="grid gap-4">
        <Panel title="The question">
          <div className="grid gap-3 sm:grid-cols-3">
            <SelectField
              label="May"
              value={userId}
              onChange={(event) => setUserId(event.target.value)}
              options={[
                { value: "", text: "Choose somebody…" },
                ...(members.data?.items ?? []).map((member) => ({ value: member.userId, text: member.email })),
              ]}
            />
            <SelectField
              label="do this"
              value={permission}
              onChange={(event) => setPermission(event.target.value)}
              options={all.map((each) => ({ value: each, text: inWords(each) }))}
            />
            <SelectField label="to" value={thing} onChange={(event) => setThing(event.target.value)} options={things} />
          </div>
        </Panel>
        <div aria-live="polite">
          {verdict.error ? <Refusal>{shownError(verdict.error).message}</Refusal> : null}
          {verdict.data ? (
            <Panel title={verdict.data.allowed ? "Yes" : "No"} className="mt-4">
              <div className="grid gap-3">
                <p>{verdict.data.sentence}</p>
                <ul className="grid gap-2">
                  {verdict.data.grants.map((grant) => (
                    <li key={grant.grantId} className="flex flex-wrap items-baseline gap-2">
                      <HeldGrants grants={[grant]} />
                      <Badge>{says[grant.says]}</Badge>
                    </li>
                  ))}
                </ul>
              </div>
            </Panel>
          ) : null}
        </div>
      </div>
    </>
  );
};

const inWords = (permission: string): string => {
  const [kind = "", action = ""] = permission.split(":");
  return `${action.replaceAll("_", " ")} ${kind.replaceAll("_", " ")}`;
};

type Question = Parameters<ReturnType<typeof useTRPC>["access"]["ask"]["queryOptions"]>[0];
/** The server's parser judges the question; a selection here only ever holds what the server listed. */
const asQuestion = (question: object) => question as Extract<Question, object>;
