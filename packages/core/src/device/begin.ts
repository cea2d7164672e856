import { and, eq, gt, isNull, lt, newId, sql, type Tx, tables, withSystem } from "@creel/db";
import { z } from "zod";
import { countTry } from "../auth/tries.ts";
import { defineVerb } from "../verb.ts";
import type { DeviceLoginBegun } from "../views.ts";
import { deviceCodeHash, makeCodes, userCodeHash } from "./codes.ts";
import { CLEARED_AT_ONCE_MAX, HOST_NAME_CHARS_MAX, INTERVAL_SECONDS, LOGIN_MS_MAX } from "./limits.ts";
import { whoGoes } from "./room.ts";

export const beginInput = z.strictObject({
  /** What the program says of where it runs. Letters that any page and terminal shows as they are. */
  hostName: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "use letters, digits, . _ and -")
    .max(HOST_NAME_CHARS_MAX),
  /** Where the request came from, when the transport knows it for sure. */
  address: z.string().max(64).optional(),
});

/**
 * A command line asks to be signed in. Threat: somebody who is nobody yet fills the table, or learns something. Invariant: what comes
 * back opens nothing until a person confirms it, waiting ones are bounded and keep no other out (`room.ts`), and neither code stands in
 * the database.
 */
export const begin = defineVerb({
  name: "device.begin",
  kind: "mutation",
  gate: { by: "open" },
  input: beginInput,
  run: async (ctx, { hostName, address }): Promise<DeviceLoginBegun> => {
    const now = ctx.clock();
    if (address !== undefined) await countTry(ctx.db, { address }, now);
    const { deviceCode, userCode } = makeCodes();
    const row = {
      id: newId(now),
      deviceCodeHash: deviceCodeHash(deviceCode),
      userCodeHash: userCodeHash(userCode) ?? "",
      hostName,
      sourceAddress: address ?? null,
      createdAt: now,
      expiresAt: new Date(now.getTime() + LOGIN_MS_MAX),
      intervalSeconds: INTERVAL_SECONDS,
    };
    await withSystem(ctx.db, async (tx) => {
      await clearEnded(tx, now);
      await makeRoom(tx, address, now);
      await tx.insert(tables.deviceLogins).values(row);
    });
    return {
      deviceCode,
      userCode,
      page: "/device",
      expiresInSeconds: LOGIN_MS_MAX / 1000,
      intervalSeconds: INTERVAL_SECONDS,
    };
  },
});

/** Two at once would both find the last place. What somebody has answered is nobody's room. */
async function makeRoom(tx: Tx, address: string | undefined, now: Date): Promise<void> {
  const t = tables.deviceLogins;
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${"creel device logins"}, 0))`);
  const { id, sourceAddress, createdAt, lastPolledAt } = t;
  const waiting = await tx
    .select({ id, sourceAddress, createdAt, lastPolledAt })
    .from(t)
    .where(and(gt(t.expiresAt, now), isNull(t.verdict)));
  const going = whoGoes(waiting, address);
  if (going !== null) await tx.delete(t).where(and(eq(t.id, going), isNull(t.verdict)));
}

/** Kept for as long again as they lived, so that a program that asks late is told that it came late. */
async function clearEnded(tx: Tx, now: Date): Promise<void> {
  const t = tables.deviceLogins;
  const before = new Date(now.getTime() - LOGIN_MS_MAX);
  await tx.execute(
    sql`delete from ${t} where id in (select id from ${t} where ${and(lt(t.expiresAt, before))}
      limit ${CLEARED_AT_ONCE_MAX} for update skip locked)`,
  );
}
