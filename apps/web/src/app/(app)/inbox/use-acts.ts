"use client";
import type { DeniedGroup } from "@creel/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../client/errors.ts";
import { useTRPC } from "../../../client/trpc.ts";
import type { Grant } from "./keys.ts";

const SECONDS: Record<Grant, number> = { once: 86_400, hour: 3_600, day: 86_400 };

/** Asked together: the browser sends them as one, and no answer waits for all of them. */
const AT_ONCE = 10;

export interface Done {
  groups: number;
  proposed: string[];
  refused: { key: string; message: string }[];
}

/** Does one thing about several groups, says what became of each, and answers the keys of those that need nothing more. */
export function useActs(input: { sandboxId?: string | undefined }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const allow = useMutation(trpc.inbox.allow.mutationOptions());
  const dismiss = useMutation(trpc.inbox.dismiss.mutationOptions());
  const restore = useMutation(trpc.inbox.restore.mutationOptions());
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState<Done | null>(null);

  const each = async (groups: readonly DeniedGroup[], act: (group: DeniedGroup) => Promise<string | null>) => {
    const left = new Set<string>();
    setBusy(true);
    const result: Done = { groups: groups.length, proposed: [], refused: [] };
    const one = async (group: DeniedGroup) => {
      try {
        const changeId = await act(group);
        if (changeId === null) left.add(group.key);
        else result.proposed.push(changeId);
      } catch (error) {
        result.refused.push({ key: group.key, message: shownError(error).message });
      }
    };
    for (let at = 0; at < groups.length; at += AT_ONCE) await Promise.all(groups.slice(at, at + AT_ONCE).map(one));
    setDone(result);
    await Promise.all([
      queryClient.invalidateQueries(trpc.inbox.pathFilter()),
      queryClient.invalidateQueries(trpc.exception.pathFilter()),
    ]);
    setBusy(false);
    return left;
  };

  /** Somebody who looks at one sandbox allows it to that one. */
  const only = input.sandboxId === undefined ? {} : { sandboxIds: [input.sandboxId] };
  return {
    busy,
    done,
    grant: (groups: readonly DeniedGroup[], how: Grant) =>
      each(groups, async ({ key }) => {
        const wish = { groupKey: key, seconds: SECONDS[how], once: how === "once", ...only };
        const granted = await allow.mutateAsync(wish);
        return granted.outcome === "proposed" ? granted.changeId : null;
      }),
    dismiss: (groups: readonly DeniedGroup[], reason: string) =>
      each(groups, async ({ key, others }) => {
        // What is different is put aside until the next: nobody denies for good what they have not seen.
        await dismiss.mutateAsync({ groupKey: key, reason, as: others ? "handled" : "dismissed" });
        return null;
      }),
    restore: (groups: readonly DeniedGroup[]) =>
      each(groups, async ({ key }) => {
        await restore.mutateAsync({ groupKey: key });
        return null;
      }),
  };
}
