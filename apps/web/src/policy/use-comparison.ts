"use client";
import { useQuery } from "@tanstack/react-query";
import { askEngine } from "./ask-engine.ts";

/** Two versions compared by the language itself, in the browser; nothing of an unsaved text leaves it for this. */
export const useComparison = (given: { before: string; after: string; enabled?: boolean }) =>
  useQuery({
    queryKey: ["compare-policies", given.before, given.after],
    queryFn: () => askEngine("compare", { before: given.before, after: given.after, nowMs: Date.now() }),
    enabled: given.enabled ?? true,
    retry: false,
    // Expiry makes an answer age; a dialog that is opened again asks again.
    staleTime: 0,
    gcTime: 0,
  });

/** Why the newer text cannot be saved now; null when it can. The server judges it again. */
export function refusalOf(comparison: ReturnType<typeof useComparison>): string | null {
  const { data } = comparison;
  if (data === undefined) return comparison.isError ? null : "The change is still being compared.";
  if (data.tests?.some((test) => !test.passed)) return "A version whose tests fail cannot be proposed.";
  return data.tests === null ? "The text has errors." : null;
}
