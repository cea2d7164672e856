import type { Metadata } from "next";
import { Prefetched } from "../../../server/trpc/page.tsx";
import { Permitted } from "../../../ui/permitted.tsx";
import { Policies } from "./policies.tsx";

export const metadata: Metadata = { title: "Policies" };

const PoliciesPage = () => (
  <Permitted to="policy" what="policies">
    <Prefetched load={(trpc, client) => [client.fetchQuery(trpc.policy.list.queryOptions({}))]}>
      <Policies />
    </Prefetched>
  </Permitted>
);
export default PoliciesPage;
