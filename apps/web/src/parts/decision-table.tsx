"use client";
import type { DecisionView } from "@creel/core";
import { createColumnHelper } from "@tanstack/react-table";
import type { ReactNode } from "react";
import { paths } from "../lib/paths.ts";
import { VerdictBadge } from "../ui/badge.tsx";
import { TextLink } from "../ui/link.tsx";
import { Mono } from "../ui/panel.tsx";
import { DataTable } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";
import { askedBy, askedFor } from "./decision-text.ts";

const column = createColumnHelper<DecisionView>();

const time = column.display({ id: "time", header: "When", cell: ({ row }) => <Time at={row.original.time} /> });
const verdict = column.display({
  id: "verdict",
  header: "Decision",
  cell: ({ row }) => <VerdictBadge verdict={row.original.decision} />,
});
const sandbox = column.display({
  id: "sandbox",
  header: "Sandbox",
  cell: ({ row }) => <TextLink href={paths.sandbox(row.original.sandboxId)}>{row.original.sandbox}</TextLink>,
  meta: { wideOnly: true },
});
const request = column.display({
  id: "request",
  header: "Request",
  cell: ({ row }) => (
    <TextLink href={paths.decision(row.original.id)} className="block max-md:min-w-48">
      <Mono>{askedFor(row.original)}</Mono>
    </TextLink>
  ),
});
const by = column.display({
  id: "by",
  header: "Program",
  cell: ({ row }) => <Mono>{askedBy(row.original)}</Mono>,
  meta: { wideOnly: true },
});
const rule = column.display({
  id: "rule",
  header: "Rule",
  cell: ({ row }) =>
    row.original.rule === null ? <span className="text-muted">no rule</span> : <Mono>{row.original.rule}</Mono>,
  meta: { wideOnly: true },
});

const all = [time, verdict, sandbox, request, by, rule];
const ofOneSandbox = [time, verdict, request, by, rule];

export const DecisionTable = (props: {
  rows: readonly DecisionView[];
  caption: string;
  empty: ReactNode;
  oneSandbox?: boolean;
}) => (
  <DataTable
    caption={props.caption}
    rows={props.rows}
    columns={props.oneSandbox ? ofOneSandbox : all}
    rowKey={(row) => row.id}
    empty={props.empty}
  />
);
