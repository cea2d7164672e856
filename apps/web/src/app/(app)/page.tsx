import type { Metadata } from "next";
import { Prefetched } from "../../server/trpc/page.tsx";
import { Overview } from "./overview.tsx";

export const metadata: Metadata = { title: "Overview" };

const OverviewPage = () => (
  <Prefetched
    load={(trpc, client) => [
      client.fetchQuery(trpc.node.list.queryOptions({})),
      client.fetchQuery(trpc.sandbox.list.queryOptions({})),
      client.fetchQuery(trpc.decision.timeline.queryOptions({ windowMinutes: 60 })),
      client.fetchQuery(trpc.decision.list.queryOptions({ limit: 25 })),
    ]}
  >
    <Overview />
  </Prefetched>
);
export default OverviewPage;
