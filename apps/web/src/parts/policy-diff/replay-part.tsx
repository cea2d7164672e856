"use client";
import type { PolicyReplay } from "@creel/core";
import type { ReplayGroup } from "@creel/policy/browser";
import { skipToken, useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useState } from "react";
import { useRefusalOf } from "../../client/me.tsx";
import { useTRPC } from "../../client/trpc.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Mono } from "../../ui/panel.tsx";
import { Answer } from "../../ui/query.tsx";
import { Empty } from "../../ui/states.tsx";
import { DataTable } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";
import { Words } from "../../ui/words.tsx";

const DAYS = 7;

const kinds = {
  broken: { tone: "deny", text: "now denied" },
  opened: { tone: "allow", text: "now allowed" },
  uncertain: { tone: "neutral", text: "uncertain" },
} as const;

const askedFor = (group: ReplayGroup): string =>
  group.method === null ? `${group.host}:${group.port}` : `${group.method} ${group.host}${group.path ?? ""}`;

const column = createColumnHelper<ReplayGroup>();
const columns = [
  column.display({
    id: "kind",
    header: "Would be",
    cell: ({ row }) => <Badge tone={kinds[row.original.kind].tone}>{kinds[row.original.kind].text}</Badge>,
  }),
  column.display({
    id: "request",
    header: "Request",
    cell: ({ row: { original } }) => (
      <div className="min-w-48">
        <Mono>{askedFor(original)}</Mono>
        <p className="text-muted">
          <Mono>{original.binary}</Mono>
          {original.sandbox === null ? "" : ` in ${original.sandbox}`}. <Words>{original.reason}</Words>
        </p>
      </div>
    ),
  }),
  column.accessor("count", { header: "Times", meta: { numeric: true } }),
  column.display({
    id: "last",
    header: "Last",
    cell: ({ row }) => <Time at={row.original.lastTime} />,
    meta: { wideOnly: true },
  }),
];

const number = (count: number): string => count.toLocaleString("en");

const Told = ({ told }: { told: PolicyReplay }) => {
  const changed = told.broken + told.opened + told.uncertain;
  const left = told.groupsLeftOut + told.ungrouped;
  return (
    <div className="grid gap-2">
      <p>
        Of {number(told.total - told.skipped)} requests since <Time at={told.since} exact />, {number(told.unchanged)}{" "}
        get the same answer, {number(told.broken)} would be denied, {number(told.opened)} would be allowed
        {told.uncertain === 0 ? "" : `, and ${number(told.uncertain)} cannot be told from what was recorded`}.
      </p>
      {told.truncated ? <p className="text-muted">There were more; only the newest were looked at.</p> : null}
      {changed === 0 ? null : (
        <div className="rounded border border-line">
          <DataTable
            caption="Requests that would be decided differently"
            rows={told.groups}
            columns={columns}
            rowKey={(group) =>
              [
                group.kind,
                group.sandbox,
                group.binary,
                group.method,
                group.host,
                group.port,
                group.path,
                group.ruleBefore,
                group.ruleAfter,
              ].join(" ")
            }
            empty={<Empty title="None" />}
          />
        </div>
      )}
      {left === 0 ? null : <p className="text-muted">{number(left)} more are counted above and not listed.</p>}
    </div>
  );
};

/** What the recorded requests of the last days would have got from this text: asked for, because it reads many rows. */
export const ReplayPart = ({ policyId, yaml }: { policyId: string; yaml: string }) => {
  const trpc = useTRPC();
  const [asked, setAsked] = useState<string | null>(null);
  const refusal = useRefusalOf("read", "decision");
  const query = useQuery(
    trpc.policy.replay.queryOptions(asked === yaml ? { policyId, yaml, days: DAYS } : skipToken, {
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 0,
    }),
  );
  return (
    <section aria-label={`The last ${DAYS} days`} className="grid gap-1.5">
      <h3 className="font-semibold">The last {DAYS} days</h3>
      {asked === yaml ? (
        <Answer query={query} what="what the recorded requests would have got">
          {(told) => <Told told={told} />}
        </Answer>
      ) : (
        <div>
          <Button disabledReason={refusal} onClick={() => setAsked(yaml)}>
            Try it on recorded requests
          </Button>
        </div>
      )}
    </section>
  );
};
