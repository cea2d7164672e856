import type { ChangeEvent } from "@creel/approvals";
import { and, eq, inArray, ne, type Tx, tables } from "@creel/db";
import type { Ctx } from "../context.ts";
import { digestOf } from "../digest.ts";
import { CreelError } from "../errors/errors.ts";
import { lastEditorOf, signedBy } from "./editor.ts";
import { move } from "./end.ts";
import { kindOf } from "./kinds.ts";
import type { ChangeRow } from "./row.ts";
import { surveyed } from "./survey.ts";

interface How {
  event: ChangeEvent & ("apply" | "break_glass");
  set: Partial<ChangeRow>;
  /** By break-glass: when it is taken back. */
  endsAt?: Date | undefined;
}

/**
 * Writes the change. Refused by its kind, it has failed, and nothing of what the kind wrote stays; any other error ends the
 * transaction, so that it runs again or not at all.
 */
export async function applyNow(tx: Tx, ctx: Ctx, row: ChangeRow, how: How): Promise<ChangeRow> {
  const kind = kindOf(row.kind);
  const content = kind.contentSchema.parse(row.content);
  const { orgId, id, authorUserId, message } = row;
  const author = signedBy(row.author, await lastEditorOf(tx, row));
  let result: unknown;
  try {
    result = await tx.transaction((inner) =>
      kind.apply(inner, ctx, content, { orgId, id, author, authorUserId, message, endsAt: how.endsAt }),
    );
  } catch (error) {
    if (!(error instanceof CreelError)) throw error;
    return await move(tx, ctx, row, { event: "fail", action: "change.fail", reason: error.publicMessage });
  }
  // A kind without nodes owes them nothing.
  const planned = kind.nodes === undefined ? { plannedAt: ctx.clock() } : {};
  const applied = await move(tx, ctx, row, {
    event: how.event,
    // Breaking the glass has a row of its own beside this one, with its reason.
    action: "change.apply",
    set: { ...how.set, ...planned, result: result ?? null },
  });
  await supersedeOthers(tx, ctx, applied, `“${applied.title}” was applied before it.`);
  return applied;
}

/** Others that wait for the same thing and stood on what has just moved. */
export async function supersedeOthers(tx: Tx, ctx: Ctx, applied: ChangeRow, reason: string): Promise<void> {
  const c = tables.changes;
  const others = await tx
    .select()
    .from(c)
    .where(
      and(
        eq(c.orgId, applied.orgId),
        eq(c.subject, applied.subject),
        inArray(c.state, ["open", "approved"]),
        ne(c.id, applied.id),
      ),
    )
    .orderBy(c.id)
    .for("update");
  for (const other of others) if (await hasMoved(tx, ctx, other)) await supersede(tx, ctx, other, reason);
}

async function hasMoved(tx: Tx, ctx: Ctx, row: ChangeRow): Promise<boolean> {
  const kind = kindOf(row.kind);
  try {
    const at = { tx, orgId: row.orgId, now: ctx.clock() };
    const { base } = await surveyed(at, kind, kind.contentSchema.parse(row.content));
    return digestOf(base) !== row.baseDigest;
  } catch (error) {
    if (error instanceof CreelError) return true;
    throw error;
  }
}

const supersede = (tx: Tx, ctx: Ctx, row: ChangeRow, reason: string): Promise<ChangeRow> =>
  move(tx, ctx, row, { event: "supersede", action: "change.supersede", reason });
