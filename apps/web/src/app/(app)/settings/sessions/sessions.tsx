"use client";
import type { SessionView } from "@creel/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { browserName } from "../../../../lib/browser-name.ts";
import { Badge } from "../../../../ui/badge.tsx";
import { Button } from "../../../../ui/button.tsx";
import { ConfirmDialog } from "../../../../ui/dialog.tsx";
import { PageHeader, Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Empty, Refusal } from "../../../../ui/states.tsx";
import { DataTable } from "../../../../ui/table.tsx";
import { Time } from "../../../../ui/time.tsx";
import { ChangePassword } from "./change-password.tsx";

const column = createColumnHelper<SessionView>();
const columns = [
  column.display({
    id: "agent",
    header: "Browser",
    cell: ({ row }) => (
      <>
        <span title={row.original.userAgent ?? undefined}>
          {row.original.userAgent === null ? "unknown" : browserName(row.original.userAgent)}
        </span>{" "}
        {row.original.current ? <Badge>this one</Badge> : null}
      </>
    ),
  }),
  column.display({ id: "created", header: "Signed in", cell: ({ row }) => <Time at={row.original.createdAt} /> }),
  column.display({ id: "used", header: "Last used", cell: ({ row }) => <Time at={row.original.lastUsedAt} /> }),
  column.display({
    id: "ends",
    header: "Ends",
    cell: ({ row }) => <Time at={row.original.expiresAt} exact />,
    meta: { wideOnly: true },
  }),
];

export const Sessions = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const query = useQuery(trpc.auth.listSessions.queryOptions({}));
  const [asking, setAsking] = useState(false);
  const end = useMutation(
    trpc.auth.signOutEverywhere.mutationOptions({
      onSuccess: () => {
        setAsking(false);
        void queryClient.invalidateQueries(trpc.auth.pathFilter());
      },
    }),
  );
  const others = query.data?.items.filter((session) => !session.current).length ?? 0;
  return (
    <>
      <PageHeader
        title="Sessions"
        lead="Where you are signed in. A session that is ended here stops working at once, open pages included."
        actions={
          <Button
            look="danger"
            disabledReason={others === 0 ? "You are signed in nowhere else." : null}
            onClick={() => setAsking(true)}
          >
            Sign out elsewhere…
          </Button>
        }
      />
      <Panel title="Your sessions" flush>
        <Answer query={query} what="sessions">
          {({ items }) => (
            <DataTable
              stacks
              caption="Your sessions"
              rows={items}
              columns={columns}
              rowKey={(row) => row.id}
              empty={<Empty title="No session" />}
            />
          )}
        </Answer>
      </Panel>
      <div className="mt-4">
        <ChangePassword />
      </div>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title="Sign out elsewhere?"
        touches={
          <p>
            {others === 1 ? "One other session ends" : `${others} other sessions end`} at once. This one stays, and API
            tokens are not touched.
          </p>
        }
        confirm="Sign out elsewhere"
        destructive
        busy={end.isPending}
        error={end.error ? <Refusal>{shownError(end.error).message}</Refusal> : null}
        onConfirm={() => end.mutate({ exceptCurrent: true })}
      />
    </>
  );
};
