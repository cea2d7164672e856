import { MESSAGE_CHARS_MAX } from "@creel/core/bounds";
import type { Metadata } from "next";
import { one, oneOf, type PageParams } from "../../../../lib/params.ts";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { DecisionDetail } from "./decision-detail.tsx";

export const metadata: Metadata = { title: "Decision" };

const DecisionPage = async (props: { params: Promise<{ id: string }>; searchParams: PageParams }) => {
  const { id } = await props.params;
  const query = await props.searchParams;
  const propose = oneOf(query.propose, ["allow", "deny"]);
  const wish =
    propose === undefined ? null : { propose, reason: (one(query.reason) ?? "").slice(0, MESSAGE_CHARS_MAX) };
  return (
    <Prefetched
      missingIs404
      load={(trpc, client) => [client.fetchQuery(trpc.decision.get.queryOptions({ decisionId: id }))]}
    >
      <DecisionDetail decisionId={id} wish={wish} />
    </Prefetched>
  );
};
export default DecisionPage;
