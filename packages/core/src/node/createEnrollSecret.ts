import { newId, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { authorizeOn } from "../authz/authorize.ts";
import { labelsSchema } from "../authz/fields.ts";
import { authorizeRelabel } from "../authz/relabel.ts";
import { asTheyStand } from "../change/proposer.ts";
import type { Deployment } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { ENROLL_TTL_MINUTES_MAX, slugSchema } from "../limits.ts";
import { hashToken, makeEnrollSecret } from "../secrets/tokens.ts";
import { iso } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const createEnrollSecretInput = z.strictObject({
  /** The only name the node may take; any free one when absent. */
  nodeName: slugSchema.optional(),
  /** What the node is labelled with when it joins. */
  labels: labelsSchema.default({}),
  ttlMinutes: z.number().int().min(1).max(ENROLL_TTL_MINUTES_MAX).default(ENROLL_TTL_MINUTES_MAX),
});

const MINUTE_MS = 60_000;

export const createEnrollSecret = defineVerb({
  name: "node.createEnrollSecret",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "enroll_secret" },
  proof: true,
  input: createEnrollSecretInput,
  run: async (ctx, input): Promise<{ id: string; uri: string; expiresAt: string }> => {
    if (ctx.deployment === undefined)
      throw new CreelError(
        "unavailable",
        "This process does not know where nodes connect. Set CREEL_HUB_URL and CREEL_TLS_DIR.",
      );
    const { orgId } = ctx.actor;
    const now = ctx.clock();
    const secret = makeEnrollSecret();
    const row = {
      orgId,
      id: newId(now),
      secretHash: hashToken(secret),
      nodeName: input.nodeName ?? null,
      labels: input.labels,
      createdBy: describeActor(ctx.actor).label,
      createdAt: now,
      expiresAt: new Date(now.getTime() + input.ttlMinutes * MINUTE_MS),
      usedAt: null,
      nodeId: null,
    };
    await withOrg(ctx.db, orgId, async (tx) => {
      const { actor } = await asTheyStand(tx, ctx, { action: "create", on: "enroll_secret" });
      authorizeOn(actor, { action: "create", kind: "enroll_secret", labels: input.labels });
      authorizeRelabel(actor, { action: "create", kind: "enroll_secret", from: {}, to: input.labels });
      await tx.insert(tables.enrollSecrets).values(row);
      await recordAudit(tx, ctx, orgId, {
        action: "node.createEnrollSecret",
        resource: { kind: "enroll_secret", id: row.id, label: input.nodeName ?? "any node" },
        changes: changesOf("enrollSecrets", null, row),
      });
    });
    return { id: row.id, uri: joinUri(ctx.deployment, secret), expiresAt: iso(row.expiresAt) };
  },
});

/** `ca` pins the deployment's certificate authority, so the node knows whom it tells the secret. */
function joinUri(deployment: Deployment, secret: string): string {
  const host = new URL(deployment.hubUrl).host;
  return `creel://${host}/?secret=${secret}&ca=${deployment.caPin}`;
}
