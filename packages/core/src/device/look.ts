import { withSystem } from "@creel/db";
import { z } from "zod";
import { iso } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { DeviceLoginView } from "../views.ts";
import { countCodeTry, waitingLogin } from "./find.ts";

export const userCodeSchema = z.string().max(32);
export const lookInput = z.strictObject({ userCode: userCodeSchema });

/** What waits with this code, before anybody confirms it. A mutation, for it counts: nobody guesses by links that are followed unseen. */
export const look = defineVerb({
  name: "device.look",
  kind: "mutation",
  gate: { by: "self" },
  input: lookInput,
  run: async (ctx, { userCode }): Promise<DeviceLoginView> => {
    await countCodeTry(ctx);
    const row = await withSystem(ctx.db, async (tx) => await waitingLogin(tx, { userCode, now: ctx.clock() }));
    return {
      hostName: row.hostName,
      address: row.sourceAddress,
      askedAt: iso(row.createdAt),
      expiresAt: iso(row.expiresAt),
    };
  },
});
