import { notice } from "@creel/core";
import type { Metadata } from "next";
import { Prefetched } from "../../../../server/trpc/page.tsx";
import { Notices } from "./notices.tsx";

export const metadata: Metadata = { title: "Notices" };

const NoticesPage = () => (
  <Prefetched
    load={(trpc, client) => [
      client.fetchQuery(trpc.notice.listMyChannels.queryOptions({})),
      client.fetchQuery(trpc.notice.listChannels.queryOptions({})),
    ]}
  >
    <Notices topics={notice.noticeTopics.map((value) => ({ value, text: sentence(value) }))} />
  </Prefetched>
);
export default NoticesPage;

const sentence = (topic: notice.NoticeTopic): string => {
  const { kind, says } = notice.topics[topic];
  return `A ${kind.replaceAll("_", " ")} ${says}`;
};
