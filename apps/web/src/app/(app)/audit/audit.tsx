"use client";
import type { AuditAction, AuditView } from "@creel/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useRefusalOf } from "../../../client/me.tsx";
import { useTRPC } from "../../../client/trpc.ts";
import { paths } from "../../../lib/paths.ts";
import { Button, buttonClass } from "../../../ui/button.tsx";
import { Field, SelectField } from "../../../ui/field.tsx";
import { FilterBar } from "../../../ui/filter-bar.tsx";
import { TextLink } from "../../../ui/link.tsx";
import { Pager } from "../../../ui/pager.tsx";
import { Mono, PageHeader, Panel } from "../../../ui/panel.tsx";
import { Answer } from "../../../ui/query.tsx";
import { Empty } from "../../../ui/states.tsx";
import { DataTable } from "../../../ui/table.tsx";
import { Time } from "../../../ui/time.tsx";

interface AuditInput {
  before: string | undefined;
  action: AuditAction | undefined;
  actor: string | undefined;
  resource: string | undefined;
}

const pageOf: Readonly<Record<string, (id: string) => string>> = {
  node: paths.node,
  sandbox: paths.sandbox,
  policy: (id) => paths.policy(id),
};

const Resource = ({ row }: { row: AuditView }) => {
  const { kind, id, label } = row.resource;
  const page = pageOf[kind];
  return (
    <>
      <span className="text-muted">{kind.replaceAll("_", " ")}</span>{" "}
      {page && id ? (
        <TextLink href={page(id)} className="underline">
          {label}
        </TextLink>
      ) : (
        label
      )}
    </>
  );
};

const shown = (value: unknown): string => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text;
};

const Changes = ({ row }: { row: AuditView }) => {
  const changes = Object.entries(row.changes);
  if (changes.length === 0) return <span className="text-muted">—</span>;
  return (
    <details>
      <summary className="text-accent">{changes.map(([field]) => field).join(", ")}</summary>
      <dl className="mt-1 grid max-h-60 max-w-xl gap-1 overflow-auto">
        {changes.map(([field, change]) => (
          <div key={field}>
            <dt className="text-muted">{field}</dt>
            <dd className="whitespace-pre-wrap">
              {"from" in change ? (
                <>
                  <Mono>{shown(change.from)}</Mono> <span className="text-muted">became</span>{" "}
                </>
              ) : null}
              <Mono>{shown(change.to)}</Mono>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
};

const column = createColumnHelper<AuditView>();
const columns = [
  column.display({ id: "at", header: "When", cell: ({ row }) => <Time at={row.original.at} exact /> }),
  column.display({
    id: "who",
    header: "Who",
    cell: ({ row }) => (
      <span className="block min-w-28 [overflow-wrap:anywhere]">
        {row.original.actor.label}
        {row.original.actor.kind === "user" ? null : (
          <span className="text-muted">
            {" "}
            ({row.original.actor.kind === "apiKey" ? "API token" : row.original.actor.kind})
          </span>
        )}
      </span>
    ),
  }),
  column.display({
    id: "action",
    header: "Action",
    cell: ({ row }) => <code className="whitespace-nowrap">{row.original.action}</code>,
  }),
  column.display({ id: "what", header: "What", cell: ({ row }) => <Resource row={row.original} /> }),
  column.display({ id: "changes", header: "Changes", cell: ({ row }) => <Changes row={row.original} /> }),
  column.display({
    id: "source",
    header: "From",
    cell: ({ row }) => row.original.source ?? "",
    meta: { wideOnly: true },
  }),
];

/** All rows that fit, not the page alone. */
const Downloads = ({ filters }: { filters: Omit<AuditInput, "before"> }) => {
  const refusal = useRefusalOf("export", "audit");
  const text = (format: string) => `Download as ${format}`;
  return (
    <div className="mb-3 flex flex-wrap items-start gap-2">
      {(["csv", "jsonl"] as const).map((format) => {
        const name = text(format === "csv" ? "CSV" : "JSON lines");
        return refusal === null ? (
          <a key={format} className={buttonClass()} href={paths.auditExport({ ...filters, format })} download>
            {name}
          </a>
        ) : (
          <Button key={format} disabledReason={refusal}>
            {name}
          </Button>
        );
      })}
    </div>
  );
};

export const Audit = ({ input, actions }: { input: AuditInput; actions: readonly string[] }) => {
  const trpc = useTRPC();
  const query = useQuery(trpc.audit.list.queryOptions(input, { placeholderData: keepPreviousData }));
  const { before, ...filters } = input;
  const options = [{ value: "", text: "Any" }, ...actions.map((action) => ({ value: action, text: action }))];
  return (
    <>
      <PageHeader
        title="Audit"
        lead="Who did what, when. Rows are written with the act itself and are never changed."
      />
      <FilterBar key={JSON.stringify(input)} action={paths.audit()}>
        <SelectField label="Action" name="action" options={options} defaultValue={input.action ?? ""} />
        <Field label="Who" name="actor" defaultValue={input.actor ?? ""} placeholder="someone@example.com" />
        <Field label="What" name="resource" defaultValue={input.resource ?? ""} placeholder="policy, or an id" />
      </FilterBar>
      <Downloads filters={filters} />
      <Panel title={before === undefined ? "Newest first" : "Older rows"} flush>
        <Answer query={query} what="the audit trail">
          {({ items, nextBefore }) => (
            <>
              <DataTable
                caption="Audit rows"
                rows={items}
                columns={columns}
                rowKey={(row) => row.id}
                empty={<Empty title="No row fits">Widen the filter; every change made here leaves a row.</Empty>}
              />
              <Pager
                atNewest={before === undefined}
                newest={paths.audit(filters)}
                older={nextBefore === null ? null : paths.audit({ ...filters, before: nextBefore })}
              />
            </>
          )}
        </Answer>
      </Panel>
    </>
  );
};
