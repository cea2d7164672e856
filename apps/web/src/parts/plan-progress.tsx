"use client";
import type { PlanDetail } from "@creel/core";
import { useQueries } from "@tanstack/react-query";
import { useTRPC } from "../client/trpc.ts";
import { paths } from "../lib/paths.ts";
import { PlanBadge } from "../ui/badge.tsx";
import { TextLink } from "../ui/link.tsx";
import { tookMs } from "./plan-table.tsx";

/** The stream announces each step; asking besides bounds the wait should its word be lost. */
const POLL_MS = 500;
const isOpen = (plan: PlanDetail | undefined): boolean =>
  plan === undefined || plan.state === "pending" || plan.state === "sent";

const sentenceOf = (plan: PlanDetail): string => {
  const ms = tookMs(plan);
  if (plan.state === "applied")
    return `In force on ${plan.nodeName}${ms === null ? "" : ` after ${ms.toLocaleString("en")} ms`}.`;
  if (plan.state === "failed")
    return `${plan.nodeName} refused it: ${plan.reason ?? "no reason given"}. The earlier version stays in force.`;
  if (plan.state === "superseded") return `A newer plan for ${plan.nodeName} contains it.`;
  return plan.state === "sent" ? `Sent to ${plan.nodeName}; waiting for its word.` : `Waiting for ${plan.nodeName}.`;
};

/** Follows a saved version to the nodes, until each has said that it is in force. */
export const PlanProgress = ({ planIds }: { planIds: readonly string[] }) => {
  const trpc = useTRPC();
  const plans = useQueries({
    queries: planIds.map((planId) =>
      trpc.plan.get.queryOptions(
        { planId },
        { refetchInterval: (query) => (isOpen(query.state.data) ? POLL_MS : false) },
      ),
    ),
  });
  if (planIds.length === 0) return <p role="status">No sandbox uses this policy now, so no node has to be told.</p>;
  return (
    <ul aria-live="polite" aria-label="Nodes" className="grid gap-1">
      {plans.map((query, at) => {
        const plan = query.data;
        if (!plan) return <li key={planIds[at]}>Asking for the plan…</li>;
        return (
          <li key={plan.id} className="flex flex-wrap items-center gap-2">
            <PlanBadge state={plan.state} />
            <span>{sentenceOf(plan)}</span>
            <TextLink href={paths.node(plan.nodeId)}>Generation {plan.generation}</TextLink>
          </li>
        );
      })}
    </ul>
  );
};
