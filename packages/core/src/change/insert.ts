import { newId, notify, type Tx, tables } from "@creel/db";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import type { Grant } from "../authz/grant.ts";
import { type Ctx, personOf } from "../context.ts";
import { digestOf } from "../digest.ts";
import { mayOver } from "./authority.ts";
import { type ChangeKind, directOf, type In } from "./kinds.ts";
import { barParties } from "./parties.ts";
import { remindersFrom } from "./reminders.ts";
import { type ChangeRow, digestOfChange } from "./row.ts";
import { rulesFor, timeToLiveMs } from "./rules.ts";
import { surveyed } from "./survey.ts";

interface Inserting {
  orgId: string;
  content: unknown;
  message: string;
  applyAt: Date | null;
  /** By which its author may do it alone where no approval policy selects it; none: it always waits for somebody else. */
  grants: readonly Grant[];
  /** What is said of it before its own summary. */
  titled?: string;
}

/** Writes down a change that waits, with what it stands on, who is behind it, and its audit row. */
export async function insertChange(tx: Tx, ctx: Ctx, kind: ChangeKind, given: Inserting): Promise<ChangeRow> {
  const now = ctx.clock();
  const { orgId, content, message, applyAt } = given;
  const at: In = { tx, orgId, now };
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
    title: `${given.titled ?? ""}${await kind.summary(at, content)}`,
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
    alone: given.grants.length > 0 && mayOver(given.grants, { ...directOf(kind, content), touches }),
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
