"use client";
import type { SecretBindingView, SecretDetail } from "@creel/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo, useState } from "react";
import { shownError } from "../../../../../client/errors.ts";
import { useRefusalOf } from "../../../../../client/me.tsx";
import { useTRPC } from "../../../../../client/trpc.ts";
import { scopeInWords } from "../../../../../lib/scope-text.ts";
import { Button } from "../../../../../ui/button.tsx";
import { ConfirmDialog } from "../../../../../ui/dialog.tsx";
import { Mono, Panel } from "../../../../../ui/panel.tsx";
import { Empty, Refusal } from "../../../../../ui/states.tsx";
import { DataTable } from "../../../../../ui/table.tsx";
import { BindSecret } from "./bind-secret.tsx";

const column = createColumnHelper<SecretBindingView>();

const inWords = ({ scope, sandboxName }: SecretBindingView): string =>
  scope === null ? (sandboxName ?? "a sandbox that you may not see") : scopeInWords(scope);

const columnsWith = (refusal: string | null, ask: (binding: SecretBindingView) => void) => [
  column.display({
    id: "whom",
    header: "Whom",
    cell: ({ row }) => (row.original.scope === null ? inWords(row.original) : <Mono>{inWords(row.original)}</Mono>),
  }),
  column.accessor("createdBy", { header: "By", meta: { wideOnly: true } }),
  column.display({
    id: "act",
    header: () => <span className="sr-only">Actions</span>,
    cell: ({ row }) => (
      <Button
        look="danger"
        disabledReason={refusal}
        aria-label={`Take away from ${inWords(row.original)}`}
        onClick={() => ask(row.original)}
      >
        Take away…
      </Button>
    ),
  }),
];

export const Bindings = ({ secret }: { secret: SecretDetail }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [asked, setAsked] = useState<SecretBindingView | null>(null);
  const refusal = useRefusalOf("operate", "secret");
  const unbind = useMutation(
    trpc.secret.unbind.mutationOptions({
      onSuccess: async () => {
        await queryClient.invalidateQueries(trpc.secret.pathFilter());
        setAsked(null);
      },
    }),
  );
  const columns = useMemo(() => columnsWith(refusal, setAsked), [refusal]);
  return (
    <Panel title="Who may use it" flush actions={<BindSecret secret={secret} />}>
      <DataTable
        stacks
        caption="Who may use it"
        rows={secret.bound}
        columns={columns}
        rowKey={(row) => row.id}
        empty={<Empty title="Nobody yet">Bind it to a sandbox, or to labels that sandboxes have.</Empty>}
      />
      <ConfirmDialog
        open={asked !== null}
        onOpenChange={(next) => (next ? undefined : setAsked(null))}
        title={`Take ${secret.name} away?`}
        touches={
          <p>
            From {asked ? inWords(asked) : ""}. Nodes that are connected stop using it at once; requests go out with the
            placeholder in its place.
          </p>
        }
        confirm={`Take ${secret.name} away`}
        destructive
        busy={unbind.isPending}
        error={unbind.error ? <Refusal>{shownError(unbind.error).message}</Refusal> : null}
        onConfirm={() => (asked ? unbind.mutate({ bindingId: asked.id }) : undefined)}
      />
    </Panel>
  );
};
