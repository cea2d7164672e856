/**
 * Threat: one person makes another, or a key of their own, somebody who may do what takes two.
 * Invariant: a role is given by a change and in no other way that this kind does not judge as well (`selected.ts`); it is written
 * under the lock of people, and only while everybody who wrote it holds what it gives.
 */
import { and, eq, isNull, type Tx, tables } from "@creel/db";
import { z } from "zod";
import { inOrder, scopeSchema } from "../authz/fields.ts";
import { describeScope, earlier, type Grant, mayAtAll } from "../authz/grant.ts";
import { grantsOf, grantsOfServiceAccount, grantsOfTeam } from "../authz/grantsOf.ts";
import { expectHolds } from "../authz/holds.ts";
import { lockPeople } from "../authz/people.ts";
import { roleByKey, roleKeySchema } from "../authz/roleByKey.ts";
import { grantsOfWriters } from "../change/author.ts";
import { type AppliedChange, type ApprovedChange, defineChangeKind, type In, type TakenBack } from "../change/kinds.ts";
import { touchesOfScope } from "../change/scopeTouches.ts";
import type { Ctx } from "../context.ts";
import { digestOf } from "../digest.ts";
import { CreelError, forbidden } from "../errors/errors.ts";
import { toTheMinute } from "../stored.ts";
import { beneficiariesOf } from "./beneficiaries.ts";
import { endGrant } from "./endGrant.ts";
import { insertGrant, labelOf } from "./insert.ts";
import { HOURS_MAX } from "./limits.ts";
import { riskOfRole } from "./risk.ts";

const RIGHT = { action: "create", on: "grant" } as const;
const HOUR_MS = 60 * 60 * 1000;
/** Permissions that whoever decides reads by name; the rest is counted. */
const NAMED_MAX = 12;

export const grantSchema = z.strictObject({
  subject: z.strictObject({ kind: z.enum(["user", "team", "service_account"]), id: z.uuid() }),
  role: roleKeySchema,
  /** The whole org when null. */
  scope: scopeSchema.transform(inOrder).nullable(),
  /** From when it is applied on; for good when null. */
  hours: z.number().int().min(1).max(HOURS_MAX).nullable(),
});
type Content = z.output<typeof grantSchema>;

export const roleGrantChange = defineChangeKind({
  kind: "role_grant",
  endsByItself: true,
  notByGlass: async (at, content) =>
    (await givenBy(at, content)).permissions.has("change:approve")
      ? "Break-glass gives nobody a vote: what they voted for would stay when it ends. Apply by it what is urgent."
      : null,
  contentSchema: grantSchema,
  propose: RIGHT,
  direct: RIGHT,
  hold: lockPeople,
  admitEditor: async (at, actor, content) => {
    if (!mayAtAll(actor.grants, RIGHT.action, RIGHT.on)) throw forbidden();
    expectHolds(actor, [await givenBy(at, content)]);
  },
  subject: ({ subject }) => `role_grant:${subject.kind}:${subject.id}`,
  base: async (at, { subject, role }) => {
    const { name, permissions } = await roleByKey(at.tx, { orgId: at.orgId, key: role });
    return {
      subject: await labelOf(at.tx, at.orgId, subject),
      role: { name, permissions: [...permissions].sort() },
      // Digests: whoever reads the change need not learn who they are.
      reaches: digestOf(await beneficiariesOf(at.tx, at.orgId, subject)),
      held: digestOf(await standingGrants(at, subject)),
    };
  },
  labels: async (at, { scope }) => await touchesOfScope(at, scope),
  risk: async (at, { role }) => riskOfRole((await roleByKey(at.tx, { orgId: at.orgId, key: role })).permissions),
  summary: async (at, content) => {
    const { name } = await roleByKey(at.tx, { orgId: at.orgId, key: content.role });
    const over = content.scope === null ? "" : `, only over ${describeScope(content.scope)}`;
    const length = content.hours === null ? "" : `, for ${content.hours} hours`;
    return `The role ${name} to ${await labelOf(at.tx, at.orgId, content.subject)}${over}${length}`;
  },
  says,
  favours: async ({ tx, orgId }, { subject }) => await beneficiariesOf(tx, orgId, subject),
  apply,
  takeBack,
});

/** What it would give if it were applied now. */
export async function givenBy(
  { tx, orgId, now }: In,
  { role, scope, hours }: Pick<Content, "role" | "scope" | "hours">,
): Promise<Pick<Grant, "permissions" | "scope" | "expiresAt">> {
  const { permissions } = await roleByKey(tx, { orgId, key: role });
  return { permissions, scope, expiresAt: hours === null ? null : new Date(now.getTime() + hours * HOUR_MS) };
}

/** Grants that nobody has ended; those that ran out stay, so that time alone moves nothing. */
async function standingGrants({ tx, orgId }: In, { kind, id }: Content["subject"]): Promise<string[]> {
  const g = tables.roleGrants;
  const column = { user: g.userId, team: g.teamId, service_account: g.serviceAccountId }[kind];
  const rows = await tx
    .select({ id: g.id })
    .from(g)
    .where(and(eq(g.orgId, orgId), eq(column, id), isNull(g.endedAt)));
  return rows.map((row) => row.id).sort();
}

const listed = (permissions: readonly string[]): string => {
  const more = permissions.length > NAMED_MAX ? ` and ${permissions.length - NAMED_MAX} more` : "";
  return `${permissions.slice(0, NAMED_MAX).join(", ")}${more}`;
};

const gaveSchema = z.object({ role: z.object({ name: z.string(), permissions: z.array(z.string()) }) });

/** By what it stood on when it was applied: what is held now holds what it gave. */
async function gave({ tx, orgId, now }: In, applied: { base: unknown; result: unknown }): Promise<string[]> {
  const g = tables.roleGrants;
  const { role } = gaveSchema.parse(applied.base);
  const { grantId } = givenSchema.parse(applied.result);
  const [row] = await tx
    .select({ expiresAt: g.expiresAt, endedAt: g.endedAt })
    .from(g)
    .where(and(eq(g.orgId, orgId), eq(g.id, grantId)));
  const over = row === undefined || row.endedAt !== null || (row.expiresAt !== null && row.expiresAt <= now);
  const until = row?.expiresAt == null ? "It stays until somebody ends it." : `It ends ${toTheMinute(row.expiresAt)}.`;
  return [`It gave the role ${role.name}: ${listed(role.permissions)}.`, over ? "It has ended." : until];
}

async function says(at: In, content: Content, applied?: { base: unknown; result: unknown }): Promise<string[]> {
  if (applied !== undefined) return await gave(at, applied);
  const { permissions } = await givenBy(at, content);
  const held = (await heldBy(at, content.subject)).filter(({ scope }) => scope === null);
  const known = new Set(held.flatMap((grant) => [...grant.permissions]));
  const gained = [...permissions].filter((permission) => !known.has(permission)).sort();
  const reached = (await beneficiariesOf(at.tx, at.orgId, content.subject)).length;
  return [
    gained.length === 0
      ? "It gives nothing over the whole organization that is not held already."
      : `It gives what is not held over the whole organization yet: ${listed(gained)}.`,
    ...(content.subject.kind === "team" ? [`The team has ${reached} people now, and gives it to whoever joins.`] : []),
    ...(content.subject.kind === "service_account" ? ["Whoever has one of its keys acts with it."] : []),
    content.hours === null
      ? "It stays until somebody ends it."
      : `It ends by itself ${content.hours} hours after it is applied.`,
  ];
}

async function heldBy({ tx, orgId, now }: In, { kind, id }: Content["subject"]): Promise<Grant[]> {
  if (kind === "user") return await grantsOf(tx, { orgId, userId: id, now });
  if (kind === "team") return await grantsOfTeam(tx, { orgId, teamId: id, now });
  return await grantsOfServiceAccount(tx, { orgId, serviceAccountId: id, now });
}

async function apply(
  tx: Tx,
  ctx: Ctx,
  content: Content,
  change: ApprovedChange & { orgId: string },
): Promise<{ grantId: string }> {
  const { orgId, id: changeId, authorUserId, author, message } = change;
  const now = ctx.clock();
  const asked = await givenBy({ tx, orgId, now }, content);
  // By break-glass it ends at the end of that, whatever runs then.
  const given = { ...asked, expiresAt: earlier(asked.expiresAt, change.endsAt ?? null) };
  for (const grants of await grantsOfWriters(tx, { orgId, changeId, authorUserId, now }))
    expectStillHolds(grants, given);
  const grantId = await insertGrant(tx, ctx, {
    orgId,
    subject: content.subject,
    role: await roleByKey(tx, { orgId, key: content.role }),
    scope: given.scope,
    expiresAt: given.expiresAt,
    reason: message,
    givenBy: { label: author, userId: authorUserId },
  });
  return { grantId };
}

const givenSchema = z.object({ grantId: z.uuid() });

async function takeBack(tx: Tx, ctx: Ctx, { orgId, result }: AppliedChange<Content>): Promise<TakenBack> {
  const g = tables.roleGrants;
  const now = ctx.clock();
  const { grantId } = givenSchema.parse(result);
  const mine = and(eq(g.orgId, orgId), eq(g.id, grantId), isNull(g.endedAt));
  const [row] = await tx.select().from(g).where(mine);
  if (row === undefined) return { how: "left", note: "The grant has ended already." };
  await endGrant(tx, ctx, row, now);
  return { how: "taken_back" };
}

function expectStillHolds(grants: readonly Grant[], given: Parameters<typeof expectHolds>[1][number]): void {
  try {
    expectHolds({ grants }, [given]);
  } catch (cause) {
    if (!(cause instanceof CreelError)) throw cause;
    throw new CreelError("conflict", "Who wrote it does not hold any more, there and for as long, what it gives.", {
      cause,
    });
  }
}
