import { and, eq, isNull, lt, lte, or, tables, withOrg } from "@creel/db";
import type { Channel } from "@creel/notices/target";
import { z } from "zod";
import { CreelError } from "../errors/errors.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { CLAIM_MS } from "./limits.ts";
import type { StoredNotice } from "./post.ts";
import { recordOutcome } from "./recordOutcome.ts";
import { openTarget } from "./target.ts";

export const claimInput = z.strictObject({ orgId: z.uuid(), deliveryId: z.uuid() });

export interface ClaimedDelivery {
  channel: Channel;
  orgName: string;
  notices: readonly StoredNotice[];
}

const UNREADABLE = {
  sent: false as const,
  reason:
    "Its target is sealed under a key that is not in the deployment's key file. Put that line back, or save the channel anew.",
  permanent: false,
  retryAfterMs: null,
};

/** Takes one delivery, by compare-and-set, so that of several hubs one sends it; null when there is nothing to send. */
export const claim = defineVerb({
  name: "notice.claim",
  kind: "mutation",
  gate: { by: "system" },
  input: claimInput,
  run: async (ctx, { orgId, deliveryId }): Promise<ClaimedDelivery | null> => {
    const { noticeChannels: c, noticeDeliveries: d, orgs } = tables;
    const now = ctx.clock();
    const found = await withOrg(ctx.db, orgId, async (tx) => {
      const taken = first(
        await tx
          .update(d)
          .set({ claimedUntil: new Date(now.getTime() + CLAIM_MS) })
          .where(
            and(
              eq(d.orgId, orgId),
              eq(d.id, deliveryId),
              eq(d.state, "waiting"),
              lte(d.dueAt, now),
              or(isNull(d.claimedUntil), lt(d.claimedUntil, now)),
            ),
          )
          .returning({ channelId: d.channelId, notices: d.notices }),
      );
      if (taken === null) return null;
      const channel = first(
        await tx
          .select({ orgId: c.orgId, id: c.id, sealedTarget: c.sealedTarget, orgName: orgs.name })
          .from(c)
          .innerJoin(orgs, eq(orgs.id, c.orgId))
          .where(and(eq(c.orgId, orgId), eq(c.id, taken.channelId), isNull(c.removedAt))),
      );
      return channel === null ? null : { ...channel, notices: stored<StoredNotice[]>(taken.notices) };
    });
    if (found === null) return null;
    try {
      return { channel: await openTarget(ctx.seal, found), orgName: found.orgName, notices: found.notices };
    } catch (error) {
      if (!(error instanceof CreelError)) throw error;
      // Counted as a try: it waits its turn and is given up in the end, else it would be due for ever, before everybody else's.
      await recordOutcome({ ctx, input: { orgId, deliveryId, outcome: UNREADABLE } });
      return null;
    }
  },
});
