"use client";
import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../../../../client/trpc.ts";

/** Why it was decided so. What decided never changes; what the newest version says does, and the live feed tells when. */
export const useWhy = (decisionId: string) =>
  useQuery(useTRPC().policy.explain.queryOptions({ decisionId }, { staleTime: Number.POSITIVE_INFINITY }));
