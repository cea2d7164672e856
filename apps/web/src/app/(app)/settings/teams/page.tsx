import type { Metadata } from "next";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { Permitted } from "../../../../ui/permitted.tsx";
import { Teams } from "./teams.tsx";

export const metadata: Metadata = { title: "Teams" };

const Page = () => (
  <Permitted to="team" what="teams">
    <Prefetched load={(trpc, client) => [client.fetchQuery(trpc.team.list.queryOptions({}))]}>
      <Teams />
    </Prefetched>
  </Permitted>
);
export default Page;
