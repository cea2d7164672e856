"use client";
import type { SecretDetail, SecretUserView, SecretVersionView } from "@creel/core";
import { useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useTRPC } from "../../../../../client/trpc.ts";
import { paths } from "../../../../../lib/paths.ts";
import { Badge } from "../../../../../ui/badge.tsx";
import { TextLink } from "../../../../../ui/link.tsx";
import { Facts, Mono, PageHeader, Panel } from "../../../../../ui/panel.tsx";
import { Answer } from "../../../../../ui/query.tsx";
import { Empty } from "../../../../../ui/states.tsx";
import { DataTable } from "../../../../../ui/table.tsx";
import { Time } from "../../../../../ui/time.tsx";
import { Bindings } from "./bindings.tsx";
import { RemoveSecret } from "./remove-secret.tsx";
import { RotateSecret } from "./rotate-secret.tsx";

const user = createColumnHelper<SecretUserView>();
const userColumns = [
  user.display({
    id: "sandbox",
    header: "Sandbox",
    cell: ({ row }) => <TextLink href={paths.sandbox(row.original.id)}>{row.original.name}</TextLink>,
  }),
  user.accessor("nodeName", { header: "Node", meta: { wideOnly: true } }),
  user.display({
    id: "policy",
    header: "Policy",
    cell: ({ row }) => <TextLink href={paths.policy(row.original.policyId)}>{row.original.policyName}</TextLink>,
  }),
  user.display({ id: "places", header: "May go to", cell: ({ row }) => <Places of={row.original} /> }),
];

const Places = ({ of }: { of: SecretUserView }) =>
  of.places.length === 0 ? (
    <span className="text-muted">nowhere: its policy names no place for it</span>
  ) : (
    <ul>
      {of.places.map(({ host, ports, path }) => {
        const text = `${host}:${ports.join(",")}${path ?? ""}`;
        return (
          <li key={text}>
            <Mono>{text}</Mono>
          </li>
        );
      })}
    </ul>
  );

const version = createColumnHelper<SecretVersionView>();
const versionColumns = [
  version.accessor("version", { header: "Version", meta: { numeric: true } }),
  version.display({ id: "state", header: "State", cell: ({ row }) => <VersionState of={row.original} /> }),
  version.accessor("createdBy", { header: "By", meta: { wideOnly: true } }),
  version.display({ id: "at", header: "Made", cell: ({ row }) => <Time at={row.original.createdAt} exact /> }),
];

const VersionState = ({ of }: { of: SecretVersionView }) => {
  if (of.endedAt !== null) return <Badge>emptied</Badge>;
  return (
    <span className="flex flex-wrap items-center gap-1.5">
      {of.endsAt === null ? (
        <Badge tone="allow">in use</Badge>
      ) : (
        <>
          <Badge tone="wait">known until</Badge> <Time at={of.endsAt} exact />
        </>
      )}
      {of.formerKey ? <Badge tone="would">under a former key</Badge> : null}
    </span>
  );
};

const About = ({ secret }: { secret: SecretDetail }) => (
  <Panel title="About">
    <Facts
      items={[
        { term: "What for", value: secret.description === "" ? "not said" : secret.description },
        { term: "Last used", value: <Time at={secret.lastUsedAt} /> },
        { term: "Version", value: secret.version },
        { term: "Kept by", value: secret.createdBy },
        { term: "Kept since", value: <Time at={secret.createdAt} exact /> },
      ]}
    />
  </Panel>
);

export const SecretPage = ({ secretId }: { secretId: string }) => {
  const trpc = useTRPC();
  const query = useQuery(trpc.secret.get.queryOptions({ secretId }));
  return (
    <Answer query={query} what="the secret">
      {(secret) => (
        <>
          <PageHeader
            trail={<TextLink href={paths.secrets()}>Secrets</TextLink>}
            title={<Mono>{secret.name}</Mono>}
            actions={
              <>
                <RotateSecret secret={secret} />
                <RemoveSecret secret={secret} />
              </>
            }
          />
          <div className="grid grid-cols-1 gap-4">
            <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
              <About secret={secret} />
              <Bindings secret={secret} />
            </div>
            <Panel title="Sandboxes that may use it, and where" flush>
              <DataTable
                caption="Sandboxes that may use it"
                rows={secret.users}
                columns={userColumns}
                rowKey={(row) => row.id}
                empty={<Empty title="No sandbox may use it">Bind it to one, or to labels that sandboxes have.</Empty>}
              />
            </Panel>
            <Panel title="Versions" flush>
              <DataTable
                caption="Versions"
                rows={secret.versions}
                columns={versionColumns}
                rowKey={(row) => String(row.version)}
                empty={<Empty title="No version" />}
              />
            </Panel>
          </div>
        </>
      )}
    </Answer>
  );
};
