import { eq, type Tx, tables, withOrg, withSystem, withSystemFor } from "@creel/db";
import { z } from "zod";
import { lockSignIns } from "../auth/lockSignIns.ts";
import { grantsOf } from "../authz/grantsOf.ts";
import { lockPeople } from "../authz/people.ts";
import { isRole } from "../authz/roles.ts";
import type { Ctx, UserActor } from "../context.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { DeviceLoginAnswer } from "../views.ts";
import { deviceCodeHash } from "./codes.ts";
import type { DeviceLogin } from "./find.ts";
import { INTERVAL_SECONDS_MAX, INTERVAL_STEP_SECONDS } from "./limits.ts";
import { makeLoginToken } from "./makeLoginToken.ts";

export const pollInput = z.strictObject({ deviceCode: z.string().max(256) });

/**
 * Threat: a code that was overheard or stored is used again, by another program, after it ended, or for a person who lost everything
 * meanwhile. Invariant: the token comes into being here, once, for the program that holds the device code, while the code lasts, and
 * under the lock that ends a person's sign-ins; it is written down nowhere but in this answer.
 */
export const poll = defineVerb({
  name: "device.poll",
  kind: "mutation",
  gate: { by: "open" },
  input: pollInput,
  run: async (ctx, { deviceCode }): Promise<DeviceLoginAnswer> => {
    const t = tables.deviceLogins;
    const codeHash = deviceCodeHash(deviceCode);
    const asked = await withSystem(ctx.db, async (system) =>
      first(
        await system.select({ byUserId: t.byUserId, inOrgId: t.inOrgId }).from(t).where(eq(t.deviceCodeHash, codeHash)),
      ),
    );
    const { byUserId, inOrgId } = asked ?? { byUserId: null, inOrgId: null };
    if (byUserId === null || inOrgId === null)
      return await withSystem(ctx.db, async (system) => await answer(system, ctx, { codeHash, byUserId: null }));
    return await withSystemFor(
      ctx.db,
      { orgId: inOrgId, userId: byUserId },
      async (system) => await answer(system, ctx, { codeHash, byUserId }),
    );
  },
});

/** `byUserId`: who had answered it at the first look. */
async function answer(
  system: Tx,
  ctx: Ctx,
  { codeHash, byUserId }: { codeHash: string; byUserId: string | null },
): Promise<DeviceLoginAnswer> {
  const t = tables.deviceLogins;
  const now = ctx.clock();
  // The person first and then the row, as who confirms it does: so that the two never wait for each other.
  const user = byUserId === null ? null : await lockSignIns(system, byUserId);
  const row = first(await system.select().from(t).where(eq(t.deviceCodeHash, codeHash)).for("update"));
  if (row === null || row.takenAt !== null || row.expiresAt <= now) return { status: "expired" };
  if (row.verdict === "denied") return { status: "denied" };
  // Confirmed between the two looks: the next one sees it.
  if (row.verdict === null || row.byUserId !== byUserId) return await paced(system, row, now);
  return user === null || user.disabledAt !== null ? { status: "denied" } : await take(system, ctx, row);
}

/** Whoever does not wait is told to wait longer, each time (RFC 8628 3.5). */
async function paced(tx: Tx, row: DeviceLogin, now: Date): Promise<DeviceLoginAnswer> {
  const t = tables.deviceLogins;
  const early = row.lastPolledAt !== null && now.getTime() - row.lastPolledAt.getTime() < row.intervalSeconds * 1000;
  const longer = Math.min(row.intervalSeconds + INTERVAL_STEP_SECONDS, INTERVAL_SECONDS_MAX);
  const intervalSeconds = early ? longer : row.intervalSeconds;
  // Who asks too early has not asked: nobody is fresher than a program that waits as it was told (`room.ts`).
  const lastPolledAt = early ? row.lastPolledAt : now;
  await tx.update(t).set({ lastPolledAt, intervalSeconds }).where(eq(t.id, row.id));
  return { status: early ? "slow_down" : "pending", intervalSeconds };
}

async function take(system: Tx, ctx: Ctx, row: DeviceLogin): Promise<DeviceLoginAnswer> {
  const { deviceLogins: t, users: u, orgs: o } = tables;
  const { byUserId: userId, inOrgId: orgId, role, hours } = row;
  if (userId === null || orgId === null || role === null || hours === null || !isRole(role))
    return { status: "expired" };
  const now = ctx.clock();
  await system.update(t).set({ takenAt: now }).where(eq(t.id, row.id));
  const person = first(await system.select({ email: u.email }).from(u).where(eq(u.id, userId)));
  return await withOrg(ctx.db, orgId, async (tx) => {
    // Whoever removes the person ends their keys under this lock, and would not see one that is made beside it.
    await lockPeople(tx, orgId);
    const org = first(await tx.select({ id: o.id, slug: o.slug, name: o.name }).from(o).where(eq(o.id, orgId)));
    const grants = await grantsOf(tx, { orgId, userId, now });
    // Removed or demoted to nothing since they confirmed it.
    if (person === null || org === null || grants.length === 0) return { status: "denied" };
    const actor: UserActor = { kind: "user", userId, orgId, grants, email: person.email };
    const made = await makeLoginToken(tx, { ...ctx, actor }, { hostName: row.hostName, role, hours });
    return { status: "approved", ...made, email: person.email, org };
  });
}
