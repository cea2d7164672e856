"use client";
import type { PolicyVersionView } from "@creel/core";
import { diffLines } from "@creel/policy";
import { useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo } from "react";
import { useTRPC } from "../../../../client/trpc.ts";
import { paths } from "../../../../lib/paths.ts";
import { Diff } from "../../../../ui/diff.tsx";
import { TextLink } from "../../../../ui/link.tsx";
import { Mono, PageHeader, Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Empty } from "../../../../ui/states.tsx";
import { DataTable } from "../../../../ui/table.tsx";
import { Time } from "../../../../ui/time.tsx";
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
    id: "message",
    header: "Message",
    cell: ({ row }) => <span className="block min-w-40">{row.original.message || "—"}</span>,
  }),
  column.accessor("author", { header: "Who" }),
  column.display({ id: "at", header: "When", cell: ({ row }) => <Time at={row.original.createdAt} /> }),
  column.display({
    id: "digest",
    header: "Digest",
    cell: ({ row }) => <Mono>{row.original.digest.replace("sha256:", "").slice(0, 12)}</Mono>,
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

/** An earlier version beside the newest: what has changed since. */
const EarlierVersion = (props: { policyId: string; version: number; newest: { version: number; yaml: string } }) => {
  const trpc = useTRPC();
  const query = useQuery(trpc.policy.getVersion.queryOptions({ policyId: props.policyId, version: props.version }));
  const earlier = query.data?.yaml;
  const lines = useMemo(
    () => (earlier === undefined ? [] : diffLines(earlier, props.newest.yaml)),
    [earlier, props.newest.yaml],
  );
  return (
    <Panel
      title={`From version ${props.version} to version ${props.newest.version}`}
      actions={<TextLink href={paths.policy(props.policyId)}>Close</TextLink>}
    >
      <Answer query={query} what="the version">
        {(version) => (
          <div className="grid gap-3">
            <Diff label={`Changes since version ${props.version}`} lines={lines} />
            <details>
              <summary className="text-accent">Show version {props.version} whole</summary>
              <pre className="mt-1 max-h-96 overflow-auto rounded bg-sunken p-2">{version.yaml}</pre>
            </details>
          </div>
        )}
      </Answer>
    </Panel>
  );
};

export const PolicyDetail = ({ policyId, version }: { policyId: string; version: number | undefined }) => {
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
            {version !== undefined && version !== policy.latestVersion ? (
              <EarlierVersion
                policyId={policyId}
                version={version}
                newest={{ version: policy.latestVersion, yaml: policy.yaml }}
              />
            ) : null}
            <PolicyEditor policy={policy} />
            <Versions policyId={policyId} />
          </div>
        </>
      )}
    </Answer>
  );
};
