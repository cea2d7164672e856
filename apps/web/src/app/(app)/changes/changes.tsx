"use client";
import type { ChangeView } from "@creel/core";
import { useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import Link from "next/link";
import { useTRPC } from "../../../client/trpc.ts";
import { paths } from "../../../lib/paths.ts";
import { ChangeStateBadge } from "../../../parts/change-state.tsx";
import { buttonClass } from "../../../ui/button.tsx";
import { TextLink } from "../../../ui/link.tsx";
import { PageHeader, Panel } from "../../../ui/panel.tsx";
import { Answer } from "../../../ui/query.tsx";
import { RiskBadge } from "../../../ui/risk-badge.tsx";
import { Empty } from "../../../ui/states.tsx";
import { DataTable } from "../../../ui/table.tsx";
import { Time } from "../../../ui/time.tsx";
import { type Show, showTexts } from "./show.ts";

const column = createColumnHelper<ChangeView>();
const columns = [
  column.display({
    id: "title",
    header: "Change",
    cell: ({ row }) => (
      <TextLink href={paths.change(row.original.id)} className="font-medium">
        {row.original.title}
      </TextLink>
    ),
  }),
  column.display({ id: "state", header: "State", cell: ({ row }) => <ChangeStateBadge change={row.original} /> }),
  column.display({ id: "risk", header: "Risk", cell: ({ row }) => <RiskBadge grade={row.original.risk} /> }),
  column.display({
    id: "author",
    header: "By",
    cell: ({ row }) => row.original.author.label,
    meta: { wideOnly: true },
  }),
  column.display({
    id: "created",
    header: "Proposed",
    cell: ({ row }) => <Time at={row.original.createdAt} />,
    meta: { wideOnly: true },
  }),
];

const empty: Readonly<Record<Show, { title: string; text: string }>> = {
  waiting: { title: "Nothing waits", text: "What needs an approval appears here the moment it is proposed." },
  mine: { title: "You have proposed nothing", text: "Save a policy, and the change stands here." },
  review: { title: "Nothing to look back at", text: "When somebody breaks the glass, its review waits here." },
  all: { title: "No change yet", text: "Every saved policy is a change, also where nobody had to approve it." },
};

export const Changes = ({ show }: { show: Show }) => {
  const trpc = useTRPC();
  const query = useQuery(trpc.change.list.queryOptions(show === "all" ? {} : { show }));
  return (
    <>
      <PageHeader
        title="Changes"
        lead="What somebody wants to be true. It becomes so when its approval policies are satisfied."
        actions={
          <Link href={paths.approvalPolicies()} className={buttonClass()}>
            Approval policies
          </Link>
        }
      />
      <nav aria-label="Which changes" className="mb-3 flex flex-wrap gap-1">
        {Object.entries(showTexts).map(([key, text]) => (
          <Link
            key={key}
            href={paths.changes({ show: key })}
            aria-current={key === show ? "page" : undefined}
            className={buttonClass(key === show ? "primary" : "plain")}
          >
            {text}
          </Link>
        ))}
      </nav>
      <Panel title={showTexts[show]} flush>
        <Answer query={query} what="changes">
          {({ items }) => (
            <DataTable
              stacks
              caption="Changes"
              rows={items}
              columns={columns}
              rowKey={(row) => row.id}
              empty={<Empty title={empty[show].title}>{empty[show].text}</Empty>}
            />
          )}
        </Answer>
      </Panel>
    </>
  );
};
