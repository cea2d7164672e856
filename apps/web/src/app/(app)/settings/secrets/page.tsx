import type { Metadata } from "next";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { Permitted } from "../../../../ui/permitted.tsx";
import { Secrets } from "./secrets.tsx";

export const metadata: Metadata = { title: "Secrets" };

const SecretsPage = () => (
  <Permitted to="secret" what="secrets">
    <Prefetched load={(trpc, client) => [client.fetchQuery(trpc.secret.list.queryOptions({}))]}>
      <Secrets />
    </Prefetched>
  </Permitted>
);
export default SecretsPage;
