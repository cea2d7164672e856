"use client";
import type { SecretDetail } from "@creel/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../../client/errors.ts";
import { useRefusalOf } from "../../../../../client/me.tsx";
import { useTRPC } from "../../../../../client/trpc.ts";
import { readScope } from "../../../../../lib/scope-text.ts";
import { ProposedNotice, WAITS } from "../../../../../parts/proposed-notice.tsx";
import { Button } from "../../../../../ui/button.tsx";
import { Field, SelectField } from "../../../../../ui/field.tsx";
import { FormDialog } from "../../../../../ui/form-dialog.tsx";

const BY_LABELS = "";

export const BindSecret = ({ secret }: { secret: SecretDetail }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [open, setOpen] = useState(false);
  const [sandboxId, setSandboxId] = useState(BY_LABELS);
  const [labels, setLabels] = useState("");
  const refusal = useRefusalOf("operate", "secret");
  const sandboxes = useQuery({ ...trpc.sandbox.list.queryOptions({}), enabled: open });
  const bind = useMutation(
    trpc.secret.bind.mutationOptions({
      onSuccess: async (answer) => {
        await queryClient.invalidateQueries(trpc.secret.pathFilter());
        if (answer.outcome === "applied") change(false);
      },
    }),
  );
  const change = (next: boolean) => {
    setOpen(next);
    bind.reset();
    setSandboxId(BY_LABELS);
    setLabels("");
  };
  const proposedId = bind.data?.outcome === "proposed" ? bind.data.changeId : null;
  const { scope, problem } = readScope(labels);
  const byLabels = sandboxId === BY_LABELS;
  const missing = byLabels && scope === undefined ? "Choose a sandbox, or write labels like env=prod." : null;
  const submit = () => {
    if (!byLabels) bind.mutate({ secretId: secret.id, sandboxId });
    else if (scope !== undefined) bind.mutate({ secretId: secret.id, scope });
  };
  return (
    <>
      <Button disabledReason={refusal} onClick={() => change(true)}>
        Bind…
      </Button>
      <FormDialog
        open={open}
        onOpenChange={change}
        title={`Who may use ${secret.name}`}
        description={
          proposedId === null
            ? "What already runs finds its placeholder after a restart. Where the value may go, the sandbox's policy says."
            : WAITS
        }
        act={`Bind ${secret.name}`}
        busy={bind.isPending}
        disabledReason={missing}
        refusal={bind.error ? shownError(bind.error).message : null}
        onSubmit={submit}
        result={proposedId === null ? null : <ProposedNotice changeId={proposedId} />}
      >
        <SelectField
          label="Sandbox"
          value={sandboxId}
          onChange={(event) => setSandboxId(event.target.value)}
          options={[
            { value: BY_LABELS, text: "All with these labels" },
            ...(sandboxes.data?.items ?? []).map(({ id, name }) => ({ value: id, text: name })),
          ]}
        />
        {byLabels ? (
          <Field
            label="Labels"
            error={problem}
            hint="All of them must fit; a node's labels win over the sandbox's own."
            value={labels}
            onChange={(event) => setLabels(event.target.value)}
            autoComplete="off"
            spellCheck={false}
            placeholder="env=prod|staging, team=payments"
          />
        ) : null}
      </FormDialog>
    </>
  );
};
