import type { Metadata } from "next";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { Permitted } from "../../../../ui/permitted.tsx";
import { ApprovalPolicies } from "./approval-policies.tsx";

export const metadata: Metadata = { title: "Approval policies" };

const Page = () => (
  <Permitted to="approval_policy" what="approval policies">
    <Prefetched load={(trpc, client) => [client.fetchQuery(trpc.approvalPolicy.list.queryOptions({}))]}>
      <ApprovalPolicies />
    </Prefetched>
  </Permitted>
);
export default Page;
