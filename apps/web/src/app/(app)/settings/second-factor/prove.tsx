"use client";
import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../../../../client/trpc.ts";
import { ProofFields, useProof } from "../../../../parts/proof-fields.tsx";
import { ProveAtProvider } from "../../../../parts/prove-at-provider.tsx";
import { Button } from "../../../../ui/button.tsx";
import { Panel } from "../../../../ui/panel.tsx";
import { Loading } from "../../../../ui/states.tsx";

/** The same factors as at the door, or the provider anew, for this sign-in alone; good for ten minutes. */
export const Prove = ({ asksCode, onProved }: { asksCode: boolean; onProved: () => void }) => {
  const trpc = useTRPC();
  const proof = useProof({ asksCode, onProved });
  const factors = useQuery(trpc.auth.listFactors.queryOptions({}));
  const provider = factors.data?.provider ?? null;
  return (
    <Panel title="Prove that it is you">
      {factors.isPending ? (
        <Loading what="how you sign in" />
      ) : provider ? (
        <ProveAtProvider provider={provider.name} onReturned={onProved} />
      ) : (
        <form
          className="grid max-w-xl gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            proof.submit();
          }}
        >
          <ProofFields proof={proof} />
          <div>
            <Button type="submit" look="primary" busy={proof.busy}>
              Prove it
            </Button>
          </div>
        </form>
      )}
    </Panel>
  );
};
