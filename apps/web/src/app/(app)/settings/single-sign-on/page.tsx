import type { Metadata } from "next";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { Permitted } from "../../../../ui/permitted.tsx";
import { SingleSignOn } from "./single-sign-on.tsx";

export const metadata: Metadata = { title: "Single sign-on" };

const SingleSignOnPage = () => (
  <Permitted to="identity_provider" what="single sign-on">
    <Prefetched
      load={(trpc, client) => [
        client.fetchQuery(trpc.sso.get.queryOptions({})),
        client.fetchQuery(trpc.auth.listFactors.queryOptions({})),
      ]}
    >
      <SingleSignOn />
    </Prefetched>
  </Permitted>
);
export default SingleSignOnPage;
