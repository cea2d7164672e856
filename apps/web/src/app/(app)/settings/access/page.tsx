import type { Metadata } from "next";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { Permitted } from "../../../../ui/permitted.tsx";
import { Access } from "./access.tsx";

export const metadata: Metadata = { title: "Access" };

const Page = () => (
  <Permitted to="grant" what="access">
    <Prefetched load={(trpc, client) => [client.fetchQuery(trpc.member.list.queryOptions({}))]}>
      <Access />
    </Prefetched>
  </Permitted>
);
export default Page;
