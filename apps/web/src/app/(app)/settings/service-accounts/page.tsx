import type { Metadata } from "next";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { Permitted } from "../../../../ui/permitted.tsx";
import { ServiceAccounts } from "./service-accounts.tsx";

export const metadata: Metadata = { title: "Service accounts" };

const Page = () => (
  <Permitted to="service_account" what="service accounts">
    <Prefetched load={(trpc, client) => [client.fetchQuery(trpc.serviceAccount.list.queryOptions({}))]}>
      <ServiceAccounts />
    </Prefetched>
  </Permitted>
);
export default Page;
