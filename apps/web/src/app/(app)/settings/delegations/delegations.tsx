"use client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { shownError } from "../../../../client/errors.ts";
import { useMe, useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { Button } from "../../../../ui/button.tsx";
import { PageHeader, Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Empty, Refusal } from "../../../../ui/states.tsx";
import { Time } from "../../../../ui/time.tsx";
import { LendVotes } from "./lend-votes.tsx";

/** Whose votes are lent to whom, and lending one's own. */
export const Delegations = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const me = useMe();
  const query = useQuery(trpc.delegation.list.queryOptions({}));
  const mayNotEnd = useRefusalOf("update", "approval_policy");
  const end = useMutation(
    trpc.delegation.end.mutationOptions({
      onSettled: () => queryClient.invalidateQueries(trpc.delegation.pathFilter()),
    }),
  );
  return (
    <>
      <PageHeader
        title="Delegations"
        lead="Whoever is away lends their place in the rules to one other approver. It lends no right, and nobody fills two places."
      />
      <div className="grid gap-4">
        <LendVotes />
        <Panel title="Lent now">
          {end.error ? <Refusal>{shownError(end.error).message}</Refusal> : null}
          <Answer query={query} what="delegations">
            {({ items }) =>
              items.length === 0 ? (
                <Empty title="Nobody has lent their votes">Whoever goes away lends them here.</Empty>
              ) : (
                <ul className="grid gap-3">
                  {items.map((item) => (
                    <li key={item.id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
                      <div className="min-w-0 [overflow-wrap:anywhere]">
                        <p>
                          <span className="font-medium">{item.to.label}</span> votes for{" "}
                          <span className="font-medium">{item.from.label}</span>
                        </p>
                        <p className="text-muted">
                          ends <Time at={item.until} />: {item.reason}
                        </p>
                      </div>
                      <Button
                        busy={end.isPending}
                        disabledReason={[item.from.id, item.to.id].includes(me.actor.id) ? null : mayNotEnd}
                        aria-label={`End the delegation of ${item.from.label}`}
                        onClick={() => end.mutate({ delegationId: item.id })}
                      >
                        End
                      </Button>
                    </li>
                  ))}
                </ul>
              )
            }
          </Answer>
        </Panel>
      </div>
    </>
  );
};
