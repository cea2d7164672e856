import type { Metadata } from "next";
import { Prefetched } from "../../../server/trpc/page.tsx";
import { Permitted } from "../../../ui/permitted.tsx";
import { Nodes } from "./nodes.tsx";

export const metadata: Metadata = { title: "Nodes" };

const NodesPage = () => (
  <Permitted to="node" what="nodes">
    <Prefetched load={(trpc, client) => [client.fetchQuery(trpc.node.list.queryOptions({}))]}>
      <Nodes />
    </Prefetched>
  </Permitted>
);
export default NodesPage;
