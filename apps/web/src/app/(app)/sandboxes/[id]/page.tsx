import type { Metadata } from "next";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { SandboxDetail } from "./sandbox-detail.tsx";

export const metadata: Metadata = { title: "Sandbox" };

const SandboxPage = async ({ params }: { params: Promise<{ id: string }> }) => {
  const { id } = await params;
  return (
    <Prefetched
      missingIs404
      load={(trpc, client) => [
        client.fetchQuery(trpc.sandbox.get.queryOptions({ sandboxId: id })),
        client.fetchQuery(trpc.decision.reach.queryOptions({ sandboxId: id })),
        client.fetchQuery(trpc.decision.list.queryOptions({ limit: 25, sandboxId: id })),
      ]}
    >
      <SandboxDetail sandboxId={id} />
    </Prefetched>
  );
};
export default SandboxPage;
