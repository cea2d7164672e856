"use client";
import { useQuery } from "@tanstack/react-query";
import { mayDo, useMe, useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { PageHeader, Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Empty } from "../../../../ui/states.tsx";
import { AddChannel, type TopicChoice } from "./add-channel.tsx";
import { ChannelTable } from "./channel-table.tsx";

export const Notices = ({ topics }: { topics: readonly TopicChoice[] }) => {
  const trpc = useTRPC();
  const me = useMe();
  const mine = useQuery(trpc.notice.listMyChannels.queryOptions({}));
  const maySee = mayDo(me, "read", "notice");
  const shared = useQuery({ ...trpc.notice.listChannels.queryOptions({}), enabled: maySee });
  const refusal = useRefusalOf("create", "notice");
  return (
    <>
      <PageHeader
        title="Notices"
        lead="Where people are told of what happens. Each message leads back here: nothing can be decided in a mail or a chat."
      />
      <div className="grid gap-4">
        <Panel title="Yours" flush actions={<AddChannel whose="mine" topics={topics} refusal={null} />}>
          <Answer query={mine} what="your channels">
            {({ items }) => (
              <ChannelTable
                whose="mine"
                items={items}
                topics={topics}
                empty={
                  <Empty title="You are told of nothing">Add a mail address, a chat or a webhook of your own.</Empty>
                }
              />
            )}
          </Answer>
        </Panel>
        {maySee ? (
          <Panel
            title="The organization's and its teams'"
            flush
            actions={<AddChannel whose="org" topics={topics} refusal={refusal} />}
          >
            <Answer query={shared} what="channels">
              {({ items }) => (
                <ChannelTable
                  whose="org"
                  items={items}
                  topics={topics}
                  empty={<Empty title="No channel yet">Add the chat where the security team looks all day.</Empty>}
                />
              )}
            </Answer>
          </Panel>
        ) : null}
      </div>
    </>
  );
};
