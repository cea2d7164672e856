import { dehydrate, HydrationBoundary, type QueryClient } from "@tanstack/react-query";
import { TRPCError } from "@trpc/server";
import { createTRPCOptionsProxy, type TRPCOptionsProxy } from "@trpc/tanstack-react-query";
import { notFound } from "next/navigation";
import type { ReactNode } from "react";
import { makeQueryClient } from "../../client/query-client.ts";
import { requirePerson } from "../auth/page-actor.ts";
import { type AppRouter, appRouter } from "./router.ts";

type Loads = (trpc: TRPCOptionsProxy<AppRouter>, queryClient: QueryClient) => readonly Promise<unknown>[];

/**
 * Loads a page's data on the server, so that it arrives filled. What could not be loaded is left to the browser, whose
 * page shows the designed error; only a thing that is not there answers 404 at once.
 */
export const Prefetched = async (props: { load: Loads; missingIs404?: boolean; children: ReactNode }) => {
  const { ctx } = await requirePerson();
  const queryClient = makeQueryClient();
  const trpc = createTRPCOptionsProxy<AppRouter>({
    ctx: { core: ctx, sameOrigin: false },
    router: appRouter,
    queryClient,
  });
  const results = await Promise.allSettled(props.load(trpc, queryClient));
  const missing = results.some((result) => result.status === "rejected" && isMissing(result.reason));
  if (props.missingIs404 && missing) notFound();
  return <HydrationBoundary state={dehydrate(queryClient)}>{props.children}</HydrationBoundary>;
};

/** An id that cannot be one names nothing either. */
const isMissing = (error: unknown): boolean =>
  error instanceof TRPCError && (error.code === "NOT_FOUND" || error.code === "BAD_REQUEST");
