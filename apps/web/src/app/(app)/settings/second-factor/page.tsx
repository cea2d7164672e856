import type { Metadata } from "next";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { SecondFactor } from "./second-factor.tsx";

export const metadata: Metadata = { title: "Second factor" };

const SecondFactorPage = () => (
  <Prefetched load={(trpc, client) => [client.fetchQuery(trpc.auth.listFactors.queryOptions({}))]}>
    <SecondFactor />
  </Prefetched>
);
export default SecondFactorPage;
