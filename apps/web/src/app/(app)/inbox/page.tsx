import type { Metadata } from "next";
import { oneId, oneOf, type PageParams } from "../../../lib/params.ts";
import { Prefetched } from "../../../server/trpc/page.tsx";
import { Permitted } from "../../../ui/permitted.tsx";
import { Inbox } from "./inbox.tsx";

export const metadata: Metadata = { title: "Inbox" };

const InboxPage = async ({ searchParams }: { searchParams: PageParams }) => {
  const given = await searchParams;
  const input = {
    sandboxId: oneId(given.sandboxId),
    show: oneOf(given.show, ["open", "dismissed"]) ?? "open",
  } as const;
  return (
    <Permitted to="decision" what="denied requests">
      <Prefetched
        load={(trpc, client) => [
          client.fetchQuery(trpc.inbox.list.queryOptions(input)),
          client.fetchQuery(trpc.exception.list.queryOptions({ active: true })),
          client.fetchQuery(trpc.agentRequest.list.queryOptions({ waiting: true })),
        ]}
      >
        <Inbox key={`${input.show} ${input.sandboxId ?? ""}`} input={input} />
      </Prefetched>
    </Permitted>
  );
};
export default InboxPage;
