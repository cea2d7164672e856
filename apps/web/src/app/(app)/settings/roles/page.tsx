import type { Metadata } from "next";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { Permitted } from "../../../../ui/permitted.tsx";
import { Roles } from "./roles.tsx";

export const metadata: Metadata = { title: "Roles" };

const Page = () => (
  <Permitted to="role" what="roles">
    <Prefetched load={(trpc, client) => [client.fetchQuery(trpc.role.list.queryOptions({}))]}>
      <Roles />
    </Prefetched>
  </Permitted>
);
export default Page;
