import type { Metadata } from "next";
import { oneId, oneNumber, oneOf, type PageParams } from "../../../lib/params.ts";
import { Prefetched } from "../../../server/trpc/page.tsx";
import { Permitted } from "../../../ui/permitted.tsx";
import { Decisions } from "./decisions.tsx";
import { type DecisionInput, kinds, verdicts } from "./filters.ts";

export const metadata: Metadata = { title: "Decisions" };

const DecisionsPage = async ({ searchParams }: { searchParams: PageParams }) => {
  const given = await searchParams;
  const input: DecisionInput = {
    sandboxId: oneId(given.sandboxId),
    nodeId: oneId(given.nodeId),
    decision: oneOf(given.decision, verdicts),
    kind: oneOf(given.kind, kinds),
    before: oneNumber(given.before),
  };
  return (
    <Permitted to="decision" what="decisions">
      <Prefetched
        load={(trpc, client) => [
          client.fetchQuery(trpc.decision.list.queryOptions(input)),
          client.fetchQuery(trpc.sandbox.list.queryOptions({})),
        ]}
      >
        <Decisions input={input} />
      </Prefetched>
    </Permitted>
  );
};
export default DecisionsPage;
