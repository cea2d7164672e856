import { refusal } from "@creel/approvals";
import { z } from "zod";
import type { ChangeMoved } from "../changeViews.ts";
import { digestOf } from "../digest.ts";
import { CreelError } from "../errors/errors.ts";
import { MESSAGE_CHARS_MAX } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import { authorizeOver, mayOver } from "./authority.ts";
import { move } from "./end.ts";
import { directOf, kindOf } from "./kinds.ts";
import { barParties } from "./parties.ts";
import { asTheyStand } from "./proposer.ts";
import { remindersFrom } from "./reminders.ts";
import { REOPENS_AS_IT_WAS, reopenedBy } from "./reopen.ts";
import { digestOfChange, lockChange, stateOf, touchesOf } from "./row.ts";
import { rulesFor, timeToLiveMs } from "./rules.ts";
import { expectSchedule, instantSchema } from "./submit.ts";
import { surveyed } from "./survey.ts";
import { serializably } from "./transact.ts";
import { wakeAt } from "./wake.ts";

export const editInput = z.strictObject({
  changeId: z.uuid(),
  /** Of the change as the editor saw it. */
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  /** As the kind has it. The subject stays: for another thing there is another change. */
  content: z.unknown(),
  message: z.string().max(MESSAGE_CHARS_MAX).optional(),
  applyAt: instantSchema.nullable().optional(),
});

/**
 * Makes another change of a waiting one: a new digest, on what is there now, for which nobody has voted. Whoever edits becomes
 * a party, and never counts as its approver.
 */
export const edit = defineVerb({
  name: "change.edit",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "change" },
  input: editInput,
  run: async (ctx, input): Promise<ChangeMoved> => {
    const { orgId } = ctx.actor;
    const now = ctx.clock();
    expectSchedule(input.applyAt ?? null, now);
    const row = await serializably(ctx, orgId, async (tx) => {
      const change = await lockChange(tx, { orgId, changeId: input.changeId });
      const { actor } = await asTheyStand(tx, ctx, { action: "update", on: "change" });
      authorizeOver(actor, { action: "update", on: "change", touches: touchesOf(change) });
      const over = refusal(stateOf(change), "edit");
      if (over !== null) throw new CreelError("conflict", over);
      if ((await reopenedBy(tx, { orgId, changeId: change.id })) !== null)
        throw new CreelError("conflict", REOPENS_AS_IT_WAS);
      if (change.digest !== input.digest)
        throw new CreelError("conflict", "The change was edited since you looked at it. Make your edit again on top.", {
          details: { digest: change.digest },
        });
      const kind = kindOf(change.kind);
      const content = parsedContent(kind.contentSchema, input.content);
      if (kind.subject(content) !== change.subject)
        throw new CreelError("invalid_input", "content: names another thing than the change does; propose that anew.");
      const at = { tx, orgId, now };
      const { base, touches, risk } = await surveyed(at, kind, content);
      authorizeOver(actor, { ...kind.propose, touches });
      await kind.admitEditor?.(at, actor, content);
      const baseDigest = digestOf(base);
      const message = input.message ?? change.message;
      const applyAt = input.applyAt === undefined ? change.applyAt : input.applyAt;
      const revision = change.revision + 1;
      const guardedBy = kind.guardedBy?.(content) ?? [];
      const { enforced } = await rulesFor(tx, { orgId, kind: kind.kind, risk, touches, guardedBy });
      await barParties(tx, ctx, change, { part: "editor", favoured: (await kind.favours?.(at, content)) ?? [] });
      const expiresAt = new Date(Math.max(now.getTime(), applyAt?.getTime() ?? 0) + timeToLiveMs(enforced));
      return await move(tx, ctx, change, {
        event: "edit",
        action: "change.edit",
        set: {
          content,
          message,
          applyAt,
          base,
          baseDigest,
          touches,
          risk,
          digest: digestOfChange({ kind: kind.kind, content, baseDigest, applyAt, message, revision }),
          title: await kind.summary(at, content),
          alone: change.alone && mayOver(actor.grants, { ...directOf(kind, content), touches }),
          revision,
          expiresAt,
          ...remindersFrom(now, expiresAt),
        },
      });
    });
    await wakeAt(ctx, row);
    return { changeId: row.id, state: stateOf(row), reason: row.endedReason, planIds: [] };
  },
});

function parsedContent(schema: z.ZodType, given: unknown): unknown {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  throw new CreelError("invalid_input", `content.${first?.path.map(String).join(".") ?? ""}: ${first?.message ?? ""}`);
}
