import { isOver } from "@creel/approvals";
import { newId, notify, type Tx, tables } from "@creel/db";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { type ApiKeyActor, type Ctx, personOf, type UserActor } from "../context.ts";
import { digestOf } from "../digest.ts";
import { CreelError } from "../errors/errors.ts";
import { stored } from "../stored.ts";
import { mayOver } from "./authority.ts";
import { asAnyKind, type ChangeKind, type DefinedKind, directOf, type In, type Right } from "./kinds.ts";
import { SCHEDULE_DAYS_MAX } from "./limits.ts";
import { barParties } from "./parties.ts";
import { planNodes } from "./plan.ts";
import { asTheyStand } from "./proposer.ts";
import { remindersFrom } from "./reminders.ts";
import { expectRoom } from "./room.ts";
import { type ChangeRow, digestOfChange, stateOf } from "./row.ts";
import { rulesFor, timeToLiveMs } from "./rules.ts";
import { settle } from "./settle.ts";
import { surveyed } from "./survey.ts";
import { serializably } from "./transact.ts";
import { wakeAt } from "./wake.ts";

/** An instant as people and programs write it: ISO 8601 in UTC. */
export const instantSchema = z.iso.datetime().transform((text) => new Date(text));

type Person = UserActor | ApiKeyActor;

export interface Submission<C> {
  content: C;
  message: string;
  /** Not before this instant, however soon it is approved. */
  applyAt?: Date | null | undefined;
  /** The right by which it is asked for, where that is not the one of the kind. */
  by?: Right | undefined;
  /** Asked first, in the transaction and by what the actor holds in it: may this one propose it? Throws. */
  admit?: ((at: In, actor: Person) => Promise<void>) | undefined;
  /** Told last, in the transaction: the change as it stands then. */
  settled?: ((tx: Tx, change: ChangeRow) => Promise<void>) | undefined;
}

export type Submitted<R> =
  | { outcome: "applied"; changeId: string; result: R; planIds: string[] }
  | { outcome: "proposed"; changeId: string; digest: string };

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Makes a change of what somebody asks for. It is applied at once where no approval policy selects it and they may do it alone;
 * else it waits for its approvals. Throws what its kind throws.
 */
export async function submitChange<S extends z.ZodType, R>(
  ctx: Ctx<Person>,
  kind: DefinedKind<S, R>,
  given: Submission<z.output<S>>,
): Promise<Submitted<R>> {
  const { orgId } = ctx.actor;
  expectSchedule(given.applyAt ?? null, ctx.clock());
  const row = await serializably(ctx, orgId, async (tx) => {
    await kind.hold?.(tx, orgId);
    const as = await asTheyStand(tx, ctx, given.by ?? kind.propose);
    await given.admit?.({ tx, orgId, now: ctx.clock() }, as.actor);
    const made = await insertChange(tx, as, asAnyKind(kind), given);
    const settled = await settle(tx, as, made, { fresh: true });
    if (!isOver(stateOf(settled))) await expectRoom(tx, as.actor, settled);
    await given.settled?.(tx, settled);
    return settled;
  });
  await wakeAt(ctx, row);
  if (row.state === "failed") throw new CreelError("conflict", row.endedReason ?? "It could not be applied.");
  if (row.state !== "applied") return { outcome: "proposed", changeId: row.id, digest: row.digest };
  const planIds = await planNodes(ctx, { orgId, changeId: row.id });
  return { outcome: "applied", changeId: row.id, result: stored<R>(row.result), planIds };
}

export function expectSchedule(applyAt: Date | null, now: Date): void {
  if (applyAt !== null && applyAt.getTime() > now.getTime() + SCHEDULE_DAYS_MAX * DAY_MS)
    throw new CreelError("invalid_input", `applyAt: at most ${SCHEDULE_DAYS_MAX} days ahead.`);
}

async function insertChange(
  tx: Tx,
  ctx: Ctx<Person>,
  kind: ChangeKind,
  given: Submission<unknown>,
): Promise<ChangeRow> {
  const { orgId } = ctx.actor;
  const now = ctx.clock();
  const at: In = { tx, orgId, now };
  const { content, message } = given;
  const applyAt = given.applyAt ?? null;
  const { base, touches, risk } = await surveyed(at, kind, content);
  const baseDigest = digestOf(base);
  const guardedBy = kind.guardedBy?.(content) ?? [];
  const { enforced } = await rulesFor(tx, { orgId, kind: kind.kind, risk, touches, guardedBy });
  const revision = 1;
  const expiresAt = new Date(Math.max(now.getTime(), applyAt?.getTime() ?? 0) + timeToLiveMs(enforced));
  const row: ChangeRow = {
    orgId,
    id: newId(now),
    kind: kind.kind,
    subject: kind.subject(content),
    title: await kind.summary(at, content),
    message,
    content,
    digest: digestOfChange({ kind: kind.kind, content, baseDigest, applyAt, message, revision }),
    base,
    baseDigest,
    state: "open",
    risk,
    touches,
    authorUserId: personOf(ctx.actor),
    author: describeActor(ctx.actor).label,
    alone: mayOver(ctx.actor.grants, { ...directOf(kind, content), touches }),
    revision,
    lastVote: 0,
    createdAt: now,
    updatedAt: now,
    expiresAt,
    applyAt,
    endedAt: null,
    endedBy: null,
    endedReason: null,
    result: null,
    wouldBlock: null,
    plannedAt: null,
    ...remindersFrom(now, expiresAt),
    remindedAt: null,
    remindedBy: null,
  };
  await tx.insert(tables.changes).values(row);
  await barParties(tx, ctx, row, { part: "author", favoured: (await kind.favours?.(at, content)) ?? [] });
  await recordAudit(tx, ctx, orgId, {
    action: "change.propose",
    resource: { kind: "change", id: row.id, label: row.title },
    changes: changesOf("changes", null, row),
  });
  await notify(tx, { orgId, topic: "changes", id: row.id });
  return row;
}
