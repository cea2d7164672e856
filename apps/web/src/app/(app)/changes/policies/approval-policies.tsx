"use client";
import type { ApprovalPolicyView } from "@creel/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { shownError } from "../../../../client/errors.ts";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { paths } from "../../../../lib/paths.ts";
import { ProposedNotice } from "../../../../parts/proposed-notice.tsx";
import { Badge } from "../../../../ui/badge.tsx";
import { Button } from "../../../../ui/button.tsx";
import { TextLink } from "../../../../ui/link.tsx";
import { PageHeader, Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Empty, Refusal } from "../../../../ui/states.tsx";
import { NewApprovalPolicy } from "./new-approval-policy.tsx";

export const ApprovalPolicies = () => {
  const trpc = useTRPC();
  const query = useQuery(trpc.approvalPolicy.list.queryOptions({}));
  return (
    <>
      <PageHeader
        trail={<TextLink href={paths.changes()}>Changes</TextLink>}
        title="Approval policies"
        lead="Which changes need whose approval. All that select a change must be satisfied; what none selects, whoever may do it does alone."
        actions={<NewApprovalPolicy />}
      />
      <Panel title="In force">
        <Answer query={query} what="approval policies">
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No approval policy">
                Nothing is held up. Make one that only looks on first, and see what it would have held up.
              </Empty>
            ) : (
              <ul className="grid gap-4">
                {items.map((item) => (
                  <Item key={item.id} policy={item} />
                ))}
              </ul>
            )
          }
        </Answer>
      </Panel>
    </>
  );
};

const HOURS_A_DAY = 24;
const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;
const inDays = (hours: number): string =>
  hours % HOURS_A_DAY === 0 ? counted(hours / HOURS_A_DAY, "day") : counted(hours, "hour");

/** One policy as sentences. Turning it on or off and removing it are changes, which it may itself hold up. */
const Item = ({ policy }: { policy: ApprovalPolicyView }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const refusal = useRefusalOf("propose", "approval_policy");
  const onSettled = () => queryClient.invalidateQueries(trpc.approvalPolicy.pathFilter());
  const save = useMutation(trpc.approvalPolicy.save.mutationOptions({ onSettled }));
  const remove = useMutation(trpc.approvalPolicy.remove.mutationOptions({ onSettled }));
  const enforced = policy.mode === "enforce";
  const proposed = [save.data, remove.data].find((answer) => answer?.outcome === "proposed");
  const error = save.error ?? remove.error;
  const busy = save.isPending || remove.isPending;
  const turned = () => {
    const { id, name, spec } = policy;
    save.mutate({
      policyId: id,
      name,
      mode: enforced ? "evaluate" : "enforce",
      spec: JSON.parse(JSON.stringify(spec)),
    });
  };
  return (
    <li className="min-w-0">
      <p className="flex flex-wrap items-center gap-2">
        <span className="font-medium">{policy.name}</span>
        <Badge tone={enforced ? "wait" : "would"}>{enforced ? "enforced" : "evaluated only"}</Badge>
      </p>
      <p>
        For {policy.selects}: {policy.asks}.{policy.freezes.map((freeze) => ` Nothing is applied ${freeze}.`)}
      </p>
      <p className="text-muted">
        {policy.spec.veto === "nobody"
          ? "Nobody's rejection ends a change. "
          : "A reviewer's rejection ends a change. "}
        A change expires after {inDays(policy.spec.timeToLiveHours)}.
      </p>
      <div className="mt-1 flex flex-wrap items-start gap-2">
        <Button busy={busy} disabledReason={refusal} onClick={turned}>
          {enforced ? "Only look on" : "Enforce"}
        </Button>
        <Button
          busy={busy}
          look="danger"
          disabledReason={refusal}
          onClick={() => remove.mutate({ policyId: policy.id })}
        >
          Remove
        </Button>
      </div>
      {proposed ? <ProposedNotice changeId={proposed.changeId} /> : null}
      {error ? <Refusal>{shownError(error).message}</Refusal> : null}
    </li>
  );
};
