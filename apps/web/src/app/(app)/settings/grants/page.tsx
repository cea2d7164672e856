import type { Metadata } from "next";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { Permitted } from "../../../../ui/permitted.tsx";
import { Grants } from "./grants.tsx";

export const metadata: Metadata = { title: "Grants" };

const Page = () => (
  <Permitted to="grant" what="grants">
    <Prefetched load={(trpc, client) => [client.fetchQuery(trpc.grant.list.queryOptions({}))]}>
      <Grants />
    </Prefetched>
  </Permitted>
);
export default Page;
