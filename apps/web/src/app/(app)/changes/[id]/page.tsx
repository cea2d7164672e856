import type { Metadata } from "next";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { ChangePage } from "./change-page.tsx";

export const metadata: Metadata = { title: "Change" };

const Page = async ({ params }: { params: Promise<{ id: string }> }) => {
  const { id } = await params;
  return (
    <Prefetched
      missingIs404
      load={(trpc, client) => [
        client.fetchQuery(trpc.change.get.queryOptions({ changeId: id })),
        client.fetchQuery(trpc.change.impact.queryOptions({ changeId: id })),
      ]}
    >
      <ChangePage changeId={id} />
    </Prefetched>
  );
};
export default Page;
