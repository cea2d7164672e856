"use client";
import type { NoticeChannelView } from "@creel/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { type ReactNode, useMemo, useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { Badge } from "../../../../ui/badge.tsx";
import { Button } from "../../../../ui/button.tsx";
import { ConfirmDialog } from "../../../../ui/dialog.tsx";
import { Mono } from "../../../../ui/panel.tsx";
import { Refusal } from "../../../../ui/states.tsx";
import { DataTable } from "../../../../ui/table.tsx";
import { Time } from "../../../../ui/time.tsx";
import type { TopicChoice, Whose } from "./add-channel.tsx";

const column = createColumnHelper<NoticeChannelView>();

/** What is the matter with a channel, in a word and a sentence. */
const Health = ({ channel }: { channel: NoticeChannelView }) => {
  if (channel.pausedAt !== null)
    return (
      <>
        <Badge tone="deny">paused</Badge>
        <p className="text-muted">{channel.lastReason} Mend it, then send a test.</p>
      </>
    );
  const failing = channel.lastFailedAt !== null && (channel.lastSentAt ?? "") < channel.lastFailedAt;
  if (failing)
    return (
      <>
        <Badge tone="would">failing</Badge>
        <p className="text-muted">
          {channel.lastReason} Last tried <Time at={channel.lastFailedAt} />.
        </p>
      </>
    );
  if (channel.lastSentAt === null) return <span className="text-muted">nothing sent yet</span>;
  return (
    <>
      <Badge tone="allow">well</Badge> <Time at={channel.lastSentAt} />
    </>
  );
};

const columnsWith = (
  topics: readonly TopicChoice[],
  refusal: { test: string | null; remove: string | null },
  act: { test: (channel: NoticeChannelView) => void; remove: (channel: NoticeChannelView) => void },
) => [
  column.accessor("name", { header: "Name" }),
  column.display({
    id: "where",
    header: "Where",
    cell: ({ row }) => (
      <>
        {row.original.kind} <Mono>{row.original.shown}</Mono>
      </>
    ),
  }),
  column.display({
    id: "what",
    header: "Told of",
    cell: ({ row: { original } }) => (
      <>
        {original.topics.map((topic) => topics.find(({ value }) => value === topic)?.text ?? topic).join("; ")}
        <p className="text-muted">
          {original.digestMinutes === null ? "at once" : `gathered for ${original.digestMinutes} minutes`}
          {original.waiting > 0 ? `, ${original.waiting} on the way` : ""}
        </p>
      </>
    ),
    meta: { wideOnly: true },
  }),
  column.display({ id: "health", header: "Health", cell: ({ row }) => <Health channel={row.original} /> }),
  column.display({
    id: "act",
    header: () => <span className="sr-only">Actions</span>,
    cell: ({ row: { original } }) => (
      <span className="flex flex-wrap gap-1.5">
        <Button
          disabledReason={refusal.test}
          aria-label={`Send a test to ${original.name}`}
          onClick={() => act.test(original)}
        >
          Send a test
        </Button>
        <Button
          look="danger"
          disabledReason={refusal.remove}
          aria-label={`Remove ${original.name}`}
          onClick={() => act.remove(original)}
        >
          Remove…
        </Button>
      </span>
    ),
  }),
];

export const ChannelTable = (props: {
  whose: Whose;
  items: readonly NoticeChannelView[];
  topics: readonly TopicChoice[];
  empty: ReactNode;
}) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [asked, setAsked] = useState<NoticeChannelView | null>(null);
  const [said, setSaid] = useState("");
  const again = () => void queryClient.invalidateQueries(trpc.notice.pathFilter());
  const mine = props.whose === "mine";
  const test = useMutation({
    ...(mine ? trpc.notice.testMyChannel : trpc.notice.testChannel).mutationOptions(),
    onSuccess: () => {
      setSaid("A test is on its way.");
      again();
    },
    onError: (error) => setSaid(shownError(error).message),
  });
  const remove = useMutation({
    ...(mine ? trpc.notice.removeMyChannel : trpc.notice.removeChannel).mutationOptions(),
    onSuccess: () => {
      setAsked(null);
      again();
    },
  });
  const mayTest = useRefusalOf("update", "notice");
  const mayRemove = useRefusalOf("delete", "notice");
  const columns = useMemo(
    () =>
      columnsWith(
        props.topics,
        { test: mine ? null : mayTest, remove: mine ? null : mayRemove },
        { test: ({ id }) => test.mutate({ channelId: id }), remove: setAsked },
      ),
    [props.topics, mine, mayTest, mayRemove, test.mutate],
  );
  return (
    <>
      <DataTable
        stacks
        caption={mine ? "Your channels" : "Channels of the organization and its teams"}
        rows={props.items}
        columns={columns}
        rowKey={(row) => row.id}
        empty={props.empty}
      />
      <p role="status" className="px-3 text-muted empty:hidden">
        {said}
      </p>
      <ConfirmDialog
        open={asked !== null}
        onOpenChange={(next) => (next ? undefined : setAsked(null))}
        title={`Remove ${asked?.name ?? ""}?`}
        touches={<p>Nothing more goes there, also nothing that is on its way.</p>}
        confirm={`Remove ${asked?.name ?? ""}`}
        destructive
        busy={remove.isPending}
        error={remove.error ? <Refusal>{shownError(remove.error).message}</Refusal> : null}
        onConfirm={() => (asked ? remove.mutate({ channelId: asked.id }) : undefined)}
      />
    </>
  );
};
