"use client";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useId, useSyncExternalStore } from "react";
import { shownError } from "../client/errors.ts";
import type { ProofGate } from "../client/proof-gate.ts";
import { useTRPC } from "../client/trpc.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Failed, Loading } from "../ui/states.tsx";
import { ProofFields, useProof } from "./proof-fields.tsx";
import { ProveAtProvider } from "./prove-at-provider.tsx";

/** Asks by itself when an act was refused for want of a proof, and lets the act go on. */
export const StepUp = ({ gate }: { gate: ProofGate }) => {
  const asking = useSyncExternalStore(gate.subscribe, gate.isAsking, () => false);
  return asking ? <StepUpDialog gate={gate} /> : null;
};

const StepUpDialog = ({ gate }: { gate: ProofGate }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const formId = useId();
  // What was said of it before may be over by now; it is the reason why this is asked.
  const factors = useQuery({ ...trpc.auth.listFactors.queryOptions({}), staleTime: 0 });
  const { refetch } = factors;
  const asksCode = factors.data?.totpSince != null;
  const provider = factors.data?.provider ?? null;
  const proof = useProof({
    asksCode,
    onProved: () => {
      void queryClient.invalidateQueries(trpc.auth.pathFilter());
      gate.answer(true);
    },
  });
  const returned = useCallback(() => {
    void refetch().then(({ data }) => (data?.provedUntil != null ? gate.answer(true) : undefined));
  }, [refetch, gate]);
  return (
    <Dialog
      open
      onOpenChange={(open) => (open ? undefined : gate.answer(false))}
      title="Prove that it is you"
      description={
        provider
          ? "Then this goes on by itself. The page of your identity provider opens in a new tab."
          : "Then this goes on by itself, and for ten minutes you are not asked again."
      }
      footer={
        <>
          <Button onClick={() => gate.answer(false)}>Cancel</Button>
          {provider ? (
            <ProveAtProvider provider={provider.name} onReturned={returned} />
          ) : (
            <Button
              look="primary"
              type="submit"
              form={formId}
              busy={proof.busy}
              disabledReason={factors.data ? null : "Waiting for what to ask."}
            >
              Go on
            </Button>
          )}
        </>
      }
    >
      {factors.data && !provider ? (
        <form
          id={formId}
          className="grid gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            // The form stands in the page's tree: an outer one must not be sent with it.
            event.stopPropagation();
            if (!proof.busy) proof.submit();
          }}
        >
          <ProofFields proof={proof} focus />
        </form>
      ) : factors.error ? (
        <Failed message={shownError(factors.error).message} retry={() => void refetch()} />
      ) : factors.data ? null : (
        <Loading what="what you sign in with" />
      )}
    </Dialog>
  );
};
