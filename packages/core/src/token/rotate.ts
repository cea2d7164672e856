/**
 * Threat: somebody takes over another person's key by having it made anew; a thief prolongs a key for ever, by itself.
 * Invariant: a person's key is made anew by that person or by the key itself, and no rotation moves the end that a key has.
 */
import { and, eq, newId, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { underPeopleLock } from "../auth/actorNow.ts";
import { boundOf, ownerOf } from "../auth/resolveApiToken.ts";
import { earlier, type Scope } from "../authz/grant.ts";
import { expectHolds } from "../authz/holds.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { apiTokenPrefix, hashToken, makeApiToken } from "../secrets/tokens.ts";
import { storedOrNull } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { TokenView } from "../views.ts";
import { birthOf } from "./family.ts";
import { expectRoomForKeys, keyForUpdate, works } from "./own.ts";
import { tokenViews } from "./view.ts";

/** A week is enough to carry a new key to wherever the old one lies. */
const OVERLAP_MINUTES_MAX = 7 * 24 * 60;
const OVERLAP_MINUTES_DEFAULT = 60;
const MINUTE_MS = 60_000;

export const rotateInput = z.strictObject({
  tokenId: z.uuid(),
  /** How long the old key still works beside the new one. */
  overlapMinutes: z.number().int().min(0).max(OVERLAP_MINUTES_MAX).default(OVERLAP_MINUTES_DEFAULT),
});

/**
 * A new key in the place of an old one, with its owner, its bounds and its end. A key may rotate itself. The old one works until the overlap is over, so that nothing stops while the new one is carried about.
 */
export const rotate = defineVerb({
  name: "token.rotate",
  kind: "mutation",
  gate: { by: "member" },
  proof: true,
  input: rotateInput,
  run: async (ctx, { tokenId, overlapMinutes }): Promise<{ token: string; view: TokenView }> => {
    const { actor } = ctx;
    const { orgId } = actor;
    const t = tables.apiTokens;
    const now = ctx.clock();
    const token = makeApiToken();
    const view = await withOrg(ctx.db, orgId, async (tx) => {
      const asNow = await underPeopleLock(tx, ctx, null);
      const old = await keyForUpdate(tx, asNow, { tokenId, action: "update" });
      const owner = ownerOf(old);
      if (owner === null || !works(old, now)) throw notFound();
      const itself = actor.kind === "apiKey" && actor.tokenId === old.id;
      const itsPerson = actor.kind === "user" && owner.kind === "user" && owner.id === actor.userId;
      // The secret goes to whoever asked, and with it the person's name. Others may revoke the key.
      if (owner.kind === "user" && !itself && !itsPerson)
        throw new CreelError("forbidden", "A person's token is rotated by that person alone. You may revoke it.");
      const id = newId(now);
      const fresh = {
        ...old,
        ...(await birthOf(tx, asNow.actor, { id, from: old })),
        id,
        prefix: apiTokenPrefix(token) ?? "",
        tokenHash: hashToken(token),
        rotatedFrom: old.id,
        createdBy: describeActor(actor).label,
        createdAt: now,
        lastUsedAt: null,
        revokedAt: null,
      };
      // The secret goes to whoever asked: they hold all of its bounds, or it is their own, or it is the key itself that asks.
      if (!itself && !itsPerson)
        expectHolds(asNow.actor, [
          { permissions: boundOf(old), scope: storedOrNull<Scope>(old.scope), expiresAt: fresh.expiresAt },
        ]);
      const oldEnds = earlier(old.expiresAt, new Date(now.getTime() + overlapMinutes * MINUTE_MS));
      await tx.insert(t).values(fresh);
      await tx
        .update(t)
        .set({ expiresAt: oldEnds })
        .where(and(eq(t.orgId, orgId), eq(t.id, old.id)));
      await expectRoomForKeys(tx, { orgId, owner, now });
      await recordAudit(tx, ctx, orgId, {
        action: "token.rotate",
        resource: { kind: "token", id: fresh.id, label: fresh.name },
        changes: changesOf("apiTokens", old, fresh),
      });
      const [made] = await tokenViews(tx, { orgId, tokenId: fresh.id, now });
      if (made === undefined) throw notFound();
      return made;
    });
    return { token, view };
  },
});
