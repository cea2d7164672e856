import type { Metadata } from "next";
import { oneNumber, type PageParams } from "../../../../lib/params.ts";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { PolicyDetail } from "./policy-detail.tsx";

export const metadata: Metadata = { title: "Policy" };

const PolicyPage = async (props: { params: Promise<{ id: string }>; searchParams: PageParams }) => {
  const { id } = await props.params;
  const query = await props.searchParams;
  return (
    <Prefetched
      missingIs404
      load={(trpc, client) => [
        client.fetchQuery(trpc.policy.get.queryOptions({ policyId: id })),
        client.fetchQuery(trpc.policy.listVersions.queryOptions({ policyId: id })),
      ]}
    >
      <PolicyDetail policyId={id} from={oneNumber(query.version)} to={oneNumber(query.to)} />
    </Prefetched>
  );
};
export default PolicyPage;
