import type { Metadata } from "next";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { Permitted } from "../../../../ui/permitted.tsx";
import { Delegations } from "./delegations.tsx";

export const metadata: Metadata = { title: "Delegations" };

const Page = () => (
  <Permitted to="approval_policy" what="delegations">
    <Prefetched load={(trpc, client) => [client.fetchQuery(trpc.delegation.list.queryOptions({}))]}>
      <Delegations />
    </Prefetched>
  </Permitted>
);
export default Page;
