import { roles } from "@creel/core";
import type { Metadata } from "next";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { Tokens } from "./tokens.tsx";

export const metadata: Metadata = { title: "API tokens" };

const TokensPage = () => (
  <Prefetched load={(trpc, client) => [client.fetchQuery(trpc.token.list.queryOptions({}))]}>
    <Tokens roles={roles} />
  </Prefetched>
);
export default TokensPage;
