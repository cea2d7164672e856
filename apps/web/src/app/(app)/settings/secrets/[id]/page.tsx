import type { Metadata } from "next";
import { Prefetched } from "../../../../../server/trpc/page.tsx";
import { Permitted } from "../../../../../ui/permitted.tsx";
import { SecretPage } from "./secret-page.tsx";

export const metadata: Metadata = { title: "Secret" };

const Page = async ({ params }: { params: Promise<{ id: string }> }) => {
  const { id } = await params;
  return (
    <Permitted to="secret" what="secrets">
      <Prefetched
        missingIs404
        load={(trpc, client) => [client.fetchQuery(trpc.secret.get.queryOptions({ secretId: id }))]}
      >
        <SecretPage secretId={id} />
      </Prefetched>
    </Permitted>
  );
};
export default Page;
