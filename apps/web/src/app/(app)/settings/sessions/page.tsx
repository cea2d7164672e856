import type { Metadata } from "next";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { Sessions } from "./sessions.tsx";

export const metadata: Metadata = { title: "Sessions" };

const SessionsPage = () => (
  <Prefetched load={(trpc, client) => [client.fetchQuery(trpc.auth.listSessions.queryOptions({}))]}>
    <Sessions />
  </Prefetched>
);
export default SessionsPage;
