import { isOver } from "@creel/approvals";
import type { Tx } from "@creel/db";
import { z } from "zod";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { stored } from "../stored.ts";
import { insertChange } from "./insert.ts";
import { asAnyKind, type DefinedKind, type In, type Right } from "./kinds.ts";
import { SCHEDULE_DAYS_MAX } from "./limits.ts";
import { planNodes } from "./plan.ts";
import { asTheyStand } from "./proposer.ts";
import { expectRoom } from "./room.ts";
import { type ChangeRow, stateOf } from "./row.ts";
import { settle } from "./settle.ts";
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
    const { content, message, applyAt = null } = given;
    const making = { orgId, content, message, applyAt, grants: as.actor.grants };
    const made = await insertChange(tx, as, asAnyKind(kind), making);
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
