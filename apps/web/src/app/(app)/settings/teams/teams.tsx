"use client";
import type { TeamView } from "@creel/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { HeldGrants } from "../../../../parts/held-grants.tsx";
import { Button } from "../../../../ui/button.tsx";
import { ConfirmDialog } from "../../../../ui/dialog.tsx";
import { Field, SelectField } from "../../../../ui/field.tsx";
import { PageHeader, Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Empty, Refusal } from "../../../../ui/states.tsx";

/** Everything here changes teams, and with them what members hold. */
const useRefresh = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return () => {
    void queryClient.invalidateQueries(trpc.team.pathFilter());
    void queryClient.invalidateQueries(trpc.member.pathFilter());
  };
};

export const Teams = () => {
  const trpc = useTRPC();
  const refresh = useRefresh();
  const query = useQuery(trpc.team.list.queryOptions({}));
  const [name, setName] = useState("");
  const create = useMutation(
    trpc.team.create.mutationOptions({
      onSuccess: () => {
        setName("");
        refresh();
      },
    }),
  );
  const refusal = useRefusalOf("create", "team");
  const missing = refusal ?? (name.trim() === "" ? "Give it a name." : null);
  return (
    <>
      <PageHeader title="Teams" lead="What a team is granted, everybody in it holds." />
      <div className="grid gap-4">
        <Panel title="New team">
          <form
            className="grid max-w-md gap-3"
            onSubmit={(event) => {
              event.preventDefault();
              if (missing === null && !create.isPending) create.mutate({ name: name.trim() });
            }}
          >
            {create.error ? <Refusal>{shownError(create.error).message}</Refusal> : null}
            <Field
              label="Name"
              value={name}
              onChange={(event) => setName(event.target.value)}
              maxLength={63}
              autoComplete="off"
              placeholder="payments"
            />
            <div>
              <Button type="submit" look="primary" busy={create.isPending} disabledReason={missing}>
                Make team
              </Button>
            </div>
          </form>
        </Panel>
        <Answer query={query} what="teams">
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No team yet">Make one, grant it a role, and add people to it.</Empty>
            ) : (
              <div className="grid gap-4">
                {items.map((item) => (
                  <TeamPanel key={item.id} team={item} />
                ))}
              </div>
            )
          }
        </Answer>
      </div>
    </>
  );
};

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

const TeamPanel = ({ team }: { team: TeamView }) => {
  const trpc = useTRPC();
  const refresh = useRefresh();
  const [chosen, setChosen] = useState("");
  const [asking, setAsking] = useState(false);
  const members = useQuery(trpc.member.list.queryOptions({}));
  const add = useMutation(trpc.team.addMember.mutationOptions({ onSuccess: refresh }));
  const take = useMutation(trpc.team.removeMember.mutationOptions({ onSuccess: refresh }));
  const remove = useMutation(trpc.team.remove.mutationOptions({ onSuccess: refresh }));
  const mayNotChange = useRefusalOf("update", "team");
  const mayNotRemove = useRefusalOf("delete", "team");
  const others = (members.data?.items ?? []).filter(
    ({ userId }) => !team.members.some((member) => member.userId === userId),
  );
  const problem = add.error ?? take.error;
  return (
    <Panel title={team.name}>
      <div className="grid gap-3">
        {problem ? <Refusal>{shownError(problem).message}</Refusal> : null}
        <div>
          <h3 className="font-medium">Holds</h3>
          <HeldGrants grants={team.grants} />
        </div>
        <div>
          <h3 className="font-medium">People</h3>
          {team.members.length === 0 ? <p className="text-muted">Nobody yet.</p> : null}
          <ul className="grid gap-1">
            {team.members.map((member) => (
              <li key={member.userId} className="flex flex-wrap items-center gap-2">
                <span>{member.email}</span>
                <Button
                  disabledReason={mayNotChange}
                  aria-label={`Take ${member.email} out of ${team.name}`}
                  onClick={() => take.mutate({ teamId: team.id, userId: member.userId })}
                >
                  Take out
                </Button>
              </li>
            ))}
          </ul>
        </div>
        <div className="flex flex-wrap items-end gap-2">
          <div className="min-w-56">
            <SelectField
              label={`Add to ${team.name}`}
              value={chosen}
              onChange={(event) => setChosen(event.target.value)}
              options={[
                { value: "", text: "Choose…" },
                ...others.map(({ userId, email }) => ({ value: userId, text: email })),
              ]}
            />
          </div>
          <Button
            busy={add.isPending}
            disabledReason={mayNotChange ?? (chosen === "" ? "Choose somebody." : null)}
            onClick={() => add.mutate({ teamId: team.id, userId: chosen }, { onSuccess: () => setChosen("") })}
          >
            Add
          </Button>
          <Button look="danger" disabledReason={mayNotRemove} onClick={() => setAsking(true)}>
            Remove {team.name}…
          </Button>
        </div>
      </div>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={`Remove ${team.name}?`}
        touches={
          <p>
            {counted(team.members.length, "person loses", "people lose")} what they hold through it (
            {counted(team.grants.length, "grant", "grants")}), and are signed out so that it holds at once.
          </p>
        }
        confirm={`Remove ${team.name}`}
        destructive
        busy={remove.isPending}
        error={remove.error ? <Refusal>{shownError(remove.error).message}</Refusal> : null}
        onConfirm={() => remove.mutate({ teamId: team.id })}
      />
    </Panel>
  );
};
