import type { Metadata } from "next";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { Permitted } from "../../../../ui/permitted.tsx";
import { Members } from "./members.tsx";

export const metadata: Metadata = { title: "Members" };

const Page = () => (
  <Permitted to="member" what="members">
    <Prefetched load={(trpc, client) => [client.fetchQuery(trpc.member.list.queryOptions({}))]}>
      <Members />
    </Prefetched>
  </Permitted>
);
export default Page;
