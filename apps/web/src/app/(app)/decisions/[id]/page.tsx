import type { Metadata } from "next";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { DecisionDetail } from "./decision-detail.tsx";

export const metadata: Metadata = { title: "Decision" };

const DecisionPage = async ({ params }: { params: Promise<{ id: string }> }) => {
  const { id } = await params;
  return (
    <Prefetched
      missingIs404
      load={(trpc, client) => [client.fetchQuery(trpc.decision.get.queryOptions({ decisionId: id }))]}
    >
      <DecisionDetail decisionId={id} />
    </Prefetched>
  );
};
export default DecisionPage;
