"use client";
import type { ExceptionView } from "@creel/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { shownError } from "../../../client/errors.ts";
import { useRefusalOf } from "../../../client/me.tsx";
import { useTRPC } from "../../../client/trpc.ts";
import { paths } from "../../../lib/paths.ts";
import { Button } from "../../../ui/button.tsx";
import { TextLink } from "../../../ui/link.tsx";
import { Mono, Panel } from "../../../ui/panel.tsx";
import { Answer } from "../../../ui/query.tsx";
import { Empty, Refusal } from "../../../ui/states.tsx";
import { DataTable } from "../../../ui/table.tsx";
import { Time } from "../../../ui/time.tsx";

const column = createColumnHelper<ExceptionView>();

const End = ({ exception }: { exception: ExceptionView }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const refusal = useRefusalOf("delete", "exception");
  const end = useMutation(
    trpc.exception.end.mutationOptions({
      onSettled: () => queryClient.invalidateQueries(trpc.exception.pathFilter()),
    }),
  );
  return (
    <>
      <Button
        busy={end.isPending}
        disabledReason={refusal}
        aria-label={`End the exception for ${exception.host}:${exception.port} in ${exception.sandboxName}`}
        onClick={() => end.mutate({ exceptionId: exception.id })}
      >
        End now
      </Button>
      {end.error ? <Refusal>{shownError(end.error).message}</Refusal> : null}
    </>
  );
};

const columns = [
  column.display({
    id: "sandbox",
    header: "Sandbox",
    cell: ({ row }) => <TextLink href={paths.sandbox(row.original.sandboxId)}>{row.original.sandboxName}</TextLink>,
  }),
  column.display({
    id: "allows",
    header: "May",
    cell: ({ row: { original } }) => (
      <>
        <Mono>
          {original.method ?? "connect"} {original.host}:{original.port}
          {original.path ?? ""}
        </Mono>
        <div className="text-muted">
          by <Mono>{original.binary}</Mono>
        </div>
      </>
    ),
  }),
  column.display({
    id: "until",
    header: "Ends",
    cell: ({ row: { original } }) => (
      <>
        <Time at={original.until} />
        {original.once ? <div className="text-muted">{original.state === "used" ? "used once" : "once"}</div> : null}
      </>
    ),
  }),
  column.display({ id: "by", header: "By", cell: ({ row }) => row.original.grantedBy, meta: { wideOnly: true } }),
  column.display({
    id: "end",
    header: () => <span className="sr-only">Actions</span>,
    cell: ({ row }) => <End exception={row.original} />,
  }),
];

/** What is allowed for a while, until when, and by whom. */
export const ExceptionsPanel = () => {
  const trpc = useTRPC();
  const query = useQuery(trpc.exception.list.queryOptions({ active: true }));
  return (
    <Panel title="Allowed for a while" flush className="mt-4">
      <Answer query={query} what="exceptions">
        {({ items }) => (
          <DataTable
            caption="Exceptions in force"
            rows={items}
            columns={columns}
            rowKey={(row) => row.id}
            empty={
              <Empty title="Nothing is allowed beside the policies">
                What you allow above stands here until it ends by itself.
              </Empty>
            }
          />
        )}
      </Answer>
    </Panel>
  );
};
