"use client";
import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useTRPC } from "../../../../client/trpc.ts";
import { paths } from "../../../../lib/paths.ts";
import { PolicyDiffView } from "../../../../parts/policy-diff/policy-diff-view.tsx";
import { useComparison } from "../../../../policy/use-comparison.ts";
import { SelectField } from "../../../../ui/field.tsx";
import { TextLink } from "../../../../ui/link.tsx";
import { Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";

const Compared = (props: { before: string; after: string; from: number; to: number }) => {
  const comparison = useComparison({ before: props.before, after: props.after });
  return (
    <>
      <PolicyDiffView
        before={props.before}
        after={props.after}
        label={`Changes from version ${props.from} to version ${props.to}`}
        comparison={comparison}
      />
      <details>
        <summary className="w-fit text-accent">Version {props.from} whole</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard. */}
        <pre tabIndex={0} className="mt-1 max-h-96 overflow-auto rounded bg-sunken p-2">
          {props.before}
        </pre>
      </details>
    </>
  );
};

/** Any two versions of a policy side by side: what the one allows and the other does not, and the lines. */
export const CompareVersions = (props: { policyId: string; from: number; to: number }) => {
  const { policyId, from, to } = props;
  const trpc = useTRPC();
  const router = useRouter();
  const versions = useQuery(trpc.policy.listVersions.queryOptions({ policyId }));
  const before = useQuery(trpc.policy.getVersion.queryOptions({ policyId, version: from }));
  const after = useQuery(trpc.policy.getVersion.queryOptions({ policyId, version: to }));
  const numbers = versions.data?.items.map(({ version }) => version) ?? [];
  const options = [...new Set([...numbers, from, to])]
    .sort((a, b) => b - a)
    .map((version) => ({ value: String(version), text: `Version ${version}` }));
  const show = (next: { from: number; to: number }) =>
    router.push(paths.policy(policyId, next.from, next.to), { scroll: false });
  return (
    <Panel
      title={`From version ${from} to version ${to}`}
      actions={<TextLink href={paths.policy(policyId)}>Close</TextLink>}
    >
      <div className="grid grid-cols-1 gap-4">
        <div className="flex flex-wrap gap-3">
          <SelectField
            label="From"
            value={String(from)}
            options={options}
            onChange={(event) => show({ from: Number(event.target.value), to })}
          />
          <SelectField
            label="To"
            value={String(to)}
            options={options}
            onChange={(event) => show({ from, to: Number(event.target.value) })}
          />
        </div>
        <Answer query={before} what={`version ${from}`}>
          {(older) => (
            <Answer query={after} what={`version ${to}`}>
              {(newer) => <Compared before={older.yaml} after={newer.yaml} from={from} to={to} />}
            </Answer>
          )}
        </Answer>
      </div>
    </Panel>
  );
};
