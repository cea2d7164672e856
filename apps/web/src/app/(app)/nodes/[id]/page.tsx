import type { Metadata } from "next";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { NodeDetail } from "./node-detail.tsx";

export const metadata: Metadata = { title: "Node" };

const NodePage = async ({ params }: { params: Promise<{ id: string }> }) => {
  const { id } = await params;
  return (
    <Prefetched missingIs404 load={(trpc, client) => [client.fetchQuery(trpc.node.get.queryOptions({ nodeId: id }))]}>
      <NodeDetail nodeId={id} />
    </Prefetched>
  );
};
export default NodePage;
