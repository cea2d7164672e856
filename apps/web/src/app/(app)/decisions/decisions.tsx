"use client";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTRPC } from "../../../client/trpc.ts";
import { paths } from "../../../lib/paths.ts";
import { DecisionTable } from "../../../parts/decision-table.tsx";
import { Freshness } from "../../../parts/live-feed.tsx";
import { SelectField } from "../../../ui/field.tsx";
import { FilterBar } from "../../../ui/filter-bar.tsx";
import { Pager } from "../../../ui/pager.tsx";
import { PageHeader, Panel } from "../../../ui/panel.tsx";
import { Answer } from "../../../ui/query.tsx";
import { Empty } from "../../../ui/states.tsx";
import type { DecisionInput } from "./filters.ts";

const verdictOptions = [
  { value: "", text: "Any" },
  { value: "allow", text: "Allowed" },
  { value: "deny", text: "Denied" },
  { value: "would_deny", text: "Would deny" },
];
const kindOptions = [
  { value: "", text: "Any" },
  { value: "dns", text: "Name" },
  { value: "connect", text: "Connection" },
  { value: "http", text: "HTTP request" },
  { value: "inference", text: "Model request" },
];

const Filters = ({ input }: { input: DecisionInput }) => {
  const trpc = useTRPC();
  const sandboxes = useQuery(trpc.sandbox.list.queryOptions({})).data?.items ?? [];
  const options = [
    { value: "", text: "All" },
    ...sandboxes.map((sandbox) => ({ value: sandbox.id, text: sandbox.name })),
  ];
  return (
    <FilterBar key={JSON.stringify(input)} action={paths.decisions()}>
      <SelectField label="Decision" name="decision" options={verdictOptions} defaultValue={input.decision ?? ""} />
      <SelectField label="Kind" name="kind" options={kindOptions} defaultValue={input.kind ?? ""} />
      <SelectField label="Sandbox" name="sandboxId" options={options} defaultValue={input.sandboxId ?? ""} />
    </FilterBar>
  );
};

export const Decisions = ({ input }: { input: DecisionInput }) => {
  const trpc = useTRPC();
  const query = useQuery(trpc.decision.list.queryOptions(input, { placeholderData: keepPreviousData }));
  const { before, ...filters } = input;
  return (
    <>
      <PageHeader title="Decisions" lead="Everything an agent asked for, and what the policy in force answered." />
      <Filters input={input} />
      <Panel title={before === undefined ? "Newest first" : "Older decisions"} flush actions={<Freshness />}>
        <Answer query={query} what="decisions">
          {({ items, nextBefore }) => (
            <>
              <DecisionTable
                caption="Decisions"
                rows={items}
                empty={
                  <Empty title="No decision fits">
                    Widen the filter, or wait: new decisions appear here by themselves.
                  </Empty>
                }
              />
              <Pager
                atNewest={before === undefined}
                newest={paths.decisions(filters)}
                older={nextBefore === null ? null : paths.decisions({ ...filters, before: nextBefore })}
              />
            </>
          )}
        </Answer>
      </Panel>
    </>
  );
};
