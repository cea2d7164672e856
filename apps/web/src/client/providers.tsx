"use client";
import { QueryClientProvider } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink, httpLink, splitLink } from "@trpc/client";
import { type ReactNode, useEffect, useState } from "react";
import superjson from "superjson";
import { tabIdentity } from "../lib/tab.ts";
import { StepUp } from "../parts/step-up.tsx";
import type { AppRouter } from "../server/trpc/router.ts";
import { NowProvider } from "../ui/now.tsx";
import { LiveProvider } from "./live.tsx";
import { useMe } from "./me.tsx";
import { makeProofGate } from "./proof-gate.ts";
import { proofLink } from "./proof-link.ts";
import { makeQueryClient } from "./query-client.ts";
import { fetchAs, followTabs } from "./tab.ts";
import { TRPCProvider } from "./trpc.ts";

/** Longer addresses are cut by some proxies; a longer batch is split. */
const URL_CHARS_MAX = 4_000;
const BATCH_MAX = 20;

/** Questions that carry a whole policy: too long for an address, and none of a proxy's log's business. */
const ASKED_IN_BODY: ReadonlySet<string> = new Set(["policy.replay", "policy.lint"]);

/** Everything a page behind the sign-in shares: the query cache, the clock and the one live stream of this tab. */
export const Providers = ({ loadedAtMs, children }: { loadedAtMs: number; children: ReactNode }) => {
  const { org, actor } = useMe();
  const identity = tabIdentity({ orgId: org.id, userId: actor.id });
  useEffect(() => followTabs(identity), [identity]);
  const [queryClient] = useState(makeQueryClient);
  const [gate] = useState(makeProofGate);
  const [trpcClient] = useState(() =>
    createTRPCClient<AppRouter>({
      links: [
        proofLink(gate),
        splitLink({
          condition: ({ path }) => ASKED_IN_BODY.has(path),
          true: httpLink({
            url: "/api/trpc",
            transformer: superjson,
            methodOverride: "POST",
            fetch: fetchAs(identity),
          }),
          false: httpBatchLink({
            url: "/api/trpc",
            transformer: superjson,
            maxURLLength: URL_CHARS_MAX,
            maxItems: BATCH_MAX,
            fetch: fetchAs(identity),
          }),
        }),
      ],
    }),
  );
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
        <NowProvider>
          <LiveProvider identity={identity} loadedAtMs={loadedAtMs}>
            {children}
          </LiveProvider>
          <StepUp gate={gate} />
        </NowProvider>
      </TRPCProvider>
    </QueryClientProvider>
  );
};
