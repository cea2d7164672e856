/**
 * Threat: a change waits until nobody remembers it; or everybody is told so often that nobody reads.
 * Invariant: those who could give what is missing at that moment are told at two instants, once each, and when a person asks for it,
 * at most once an hour for one change.
 */

import { refusal } from "@creel/approvals";
import { notify, type Tx } from "@creel/db";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import type { Ctx } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { tellPeople } from "../notice/tellPeople.ts";
import { toTheMinute } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { authorizeOver } from "./authority.ts";
import { type Count, countVotes } from "./count.ts";
import { kindOf } from "./kinds.ts";
import { REMIND_EVERY_MINUTES } from "./limits.ts";
import { asTheyStand } from "./proposer.ts";
import { remindersAfter } from "./reminders.ts";
import { type ChangeRow, lockChange, stateOf, touchesOf, updateChange } from "./row.ts";
import { serializably } from "./transact.ts";

export const remindInput = z.strictObject({ changeId: z.uuid() });

/** Reminds those who could give what is missing, now. */
export const remind = defineVerb({
  name: "change.remind",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "change" },
  input: remindInput,
  run: async (ctx, { changeId }): Promise<{ changeId: string; reminded: number }> => {
    const { orgId } = ctx.actor;
    const reminded = await serializably(ctx, orgId, async (tx) => {
      const change = await lockChange(tx, { orgId, changeId });
      const { actor } = await asTheyStand(tx, ctx, { action: "update", on: "change" });
      authorizeOver(actor, { action: "update", on: "change", touches: touchesOf(change) });
      const no = whyNotNow(change, ctx.clock());
      if (no !== null) throw new CreelError("conflict", no);
      return await tellMissing(tx, ctx, change, {});
    });
    return { changeId, reminded };
  },
});

/** Why nobody is reminded of it at this moment, in a sentence. */
export function whyNotNow(change: ChangeRow, now: Date): string | null {
  const over = refusal(stateOf(change), "vote");
  if (over !== null) return over;
  if (change.state === "approved") return "It has its approvals and waits for its time.";
  const { remindedAt } = change;
  if (remindedAt === null || now.getTime() - remindedAt.getTime() >= REMIND_EVERY_MINUTES * 60_000) return null;
  return `They were reminded less than ${REMIND_EVERY_MINUTES} minutes ago.`;
}

/** By the clock, from the sweep. */
export async function remindIfDue(ctx: Ctx, due: { orgId: string; changeId: string }): Promise<void> {
  await serializably(ctx, due.orgId, async (tx) => {
    const change = await lockChange(tx, due);
    const now = ctx.clock();
    if (change.state !== "open" || change.remindAt === null || change.remindAt > now) return;
    await tellMissing(tx, ctx, change, remindersAfter(change, now));
  });
}

async function tellMissing(tx: Tx, ctx: Ctx, change: ChangeRow, next: Partial<ChangeRow>): Promise<number> {
  const now = ctx.clock();
  const { orgId } = change;
  const counted = await countVotes(tx, { row: change, kind: kindOf(change.kind), now, electorate: "everybody" });
  const userIds = whoCouldGive(counted);
  const after = await updateChange(tx, change, {
    ...next,
    remindedAt: now,
    remindedBy: describeActor(ctx.actor).label,
  });
  const told = await tellPeople(tx, {
    orgId,
    userIds,
    topic: "change.remind",
    kind: "change",
    labels: touchesOf(change),
    title: `${change.title} waits for you`,
    text: `By ${change.author}. It runs out ${toTheMinute(change.expiresAt)}.`,
    path: `/changes/${change.id}`,
    at: now,
    // Whoever wants to be told of what waits has a channel that says so.
    channels: false,
  });
  await recordAudit(tx, ctx, orgId, {
    action: "change.remind",
    resource: { kind: "change", id: change.id, label: change.title },
    changes: changesOf("changes", change, after),
    toldOnly: userIds,
  });
  await notify(tx, { orgId, topic: "changes", id: change.id });
  return told.length;
}

/** Of the steps that are due: who has not voted for them and could. */
export const whoCouldGive = ({ rules }: Count): string[] => [
  ...new Set(
    rules.flatMap(({ evaluation }) =>
      evaluation.steps
        .filter(({ state }) => state === "due")
        .flatMap(({ quorums }) => quorums.flatMap(({ candidates }) => candidates)),
    ),
  ),
];
