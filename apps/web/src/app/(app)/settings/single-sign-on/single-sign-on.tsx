"use client";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { PageHeader } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Prove } from "../second-factor/prove.tsx";
import { Domains } from "./domains.tsx";
import { Enforcement } from "./enforcement.tsx";
import { Provider } from "./provider.tsx";

/** Whom the organization lets say who its people are: the provider, the domains it speaks for, and whether it is the only way in. */
export const SingleSignOn = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const query = useQuery(trpc.sso.get.queryOptions({}));
  const factors = useQuery(trpc.auth.listFactors.queryOptions({}));
  const refusal = useRefusalOf("update", "identity_provider");
  const renewed = () => void queryClient.invalidateQueries(trpc.auth.pathFilter());
  const unproved = factors.data?.provedUntil == null;
  const why = refusal ?? (unproved ? "Prove first that it is you." : null);
  return (
    <>
      <PageHeader
        title="Single sign-on"
        lead="People of your domains sign in through your own identity provider (OpenID Connect). It speaks for this organization alone."
      />
      <Answer query={query} what="single sign-on">
        {(view) => (
          <div className="grid grid-cols-1 gap-4">
            {refusal === null && unproved ? (
              <Prove asksCode={factors.data?.totpSince != null} onProved={renewed} />
            ) : null}
            <Provider view={view} disabledReason={why} />
            <Domains domains={view.domains} unproved={why} />
            <Enforcement view={view} disabledReason={why} />
          </div>
        )}
      </Answer>
    </>
  );
};
