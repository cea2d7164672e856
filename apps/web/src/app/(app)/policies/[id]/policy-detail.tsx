"use client";
import type { PolicyVersionView } from "@creel/core";
import { useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useTRPC } from "../../../../client/trpc.ts";
import { paths } from "../../../../lib/paths.ts";
import { TextLink } from "../../../../ui/link.tsx";
import { Mono, PageHeader, Panel, ShortDigest } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Empty } from "../../../../ui/states.tsx";
import { DataTable } from "../../../../ui/table.tsx";
import { Time } from "../../../../ui/time.tsx";
import { CompareVersions } from "./compare-versions.tsx";
import { PolicyEditor } from "./policy-editor.tsx";

const column = createColumnHelper<PolicyVersionView>();
const columns = [
  column.display({
    id: "version",
    header: "Version",
    cell: ({ row }) => (
      <TextLink href={paths.policy(row.original.policyId, row.original.version)}>{row.original.version}</TextLink>
    ),
  }),
  column.display({
    id: "compare",
    header: "What it changed",
    cell: ({ row: { original } }) =>
      original.version === 1 ? (
        <span className="text-muted">the first</span>
      ) : (
        <TextLink href={paths.policy(original.policyId, original.version - 1, original.version)}>
          from {original.version - 1} to {original.version}
        </TextLink>
      ),
  }),
  column.display({
    id: "message",
    header: "Message",
    cell: ({ row }) => <span className="block min-w-40">{row.original.message || "—"}</span>,
  }),
  column.accessor("author", { header: "Who" }),
  column.display({ id: "at", header: "When", cell: ({ row }) => <Time at={row.original.createdAt} /> }),
  column.display({
    id: "digest",
    header: "Digest",
    cell: ({ row }) => <ShortDigest digest={row.original.digest} />,
    meta: { wideOnly: true },
  }),
];

const Versions = ({ policyId }: { policyId: string }) => {
  const trpc = useTRPC();
  const query = useQuery(trpc.policy.listVersions.queryOptions({ policyId }));
  return (
    <Panel title="Versions" flush>
      <Answer query={query} what="versions">
        {({ items }) => (
          <DataTable
            caption="Versions, newest first"
            rows={items}
            columns={columns}
            rowKey={(row) => String(row.version)}
            empty={<Empty title="No version" />}
          />
        )}
      </Answer>
    </Panel>
  );
};

export const PolicyDetail = (props: { policyId: string; from: number | undefined; to: number | undefined }) => {
  const { policyId, from } = props;
  const trpc = useTRPC();
  const query = useQuery(trpc.policy.get.queryOptions({ policyId }));
  return (
    <Answer query={query} what="the policy">
      {(policy) => (
        <>
          <PageHeader
            trail={<TextLink href={paths.policies()}>Policies</TextLink>}
            title={policy.name}
            lead={
              <>
                Version {policy.latestVersion}, holding {policy.sandboxCount}{" "}
                {policy.sandboxCount === 1 ? "sandbox" : "sandboxes"}. <Mono>{policy.digest}</Mono>
              </>
            }
          />
          <div className="grid grid-cols-1 gap-4">
            {from === undefined ? null : (
              <CompareVersions policyId={policyId} from={from} to={props.to ?? policy.latestVersion} />
            )}
            <PolicyEditor key={policyId} policy={policy} />
            <Versions policyId={policyId} />
          </div>
        </>
      )}
    </Answer>
  );
};
