import type { Metadata } from "next";
import { oneId, type PageParams } from "../../../lib/params.ts";
import { Prefetched } from "../../../server/trpc/page.tsx";
import { Permitted } from "../../../ui/permitted.tsx";
import { Sandboxes } from "./sandboxes.tsx";

export const metadata: Metadata = { title: "Sandboxes" };

const SandboxesPage = async ({ searchParams }: { searchParams: PageParams }) => {
  const nodeId = oneId((await searchParams).nodeId);
  const input = nodeId ? { nodeId } : {};
  return (
    <Permitted to="sandbox" what="sandboxes">
      <Prefetched load={(trpc, client) => [client.fetchQuery(trpc.sandbox.list.queryOptions(input))]}>
        <Sandboxes input={input} />
      </Prefetched>
    </Permitted>
  );
};
export default SandboxesPage;
