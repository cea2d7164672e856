import { and, eq, tables } from "@creel/db";
import { POLICY_BYTES_MAX } from "@creel/protocol";
import { z } from "zod";
import { authorizeOn } from "../authz/authorize.ts";
import type { Labels } from "../authz/grant.ts";
import type { In } from "../change/kinds.ts";
import { instantSchema, submitChange } from "../change/submit.ts";
import type { Outcome } from "../changeViews.ts";
import type { ApiKeyActor, UserActor } from "../context.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { MESSAGE_CHARS_MAX } from "../limits.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { judgePolicy } from "./judge.ts";
import { policyVersionChange, type SavedVersion } from "./versionChange.ts";

export const saveVersionInput = z.strictObject({
  policyId: z.uuid(),
  yaml: z.string().max(POLICY_BYTES_MAX),
  baseVersion: z.number().int().positive(),
  message: z.string().max(MESSAGE_CHARS_MAX).default(""),
  /** Not before this instant. */
  applyAt: instantSchema.optional(),
});

export const saveVersion = defineVerb({
  name: "policy.saveVersion",
  kind: "mutation",
  gate: { by: "person", action: "propose", on: "policy" },
  input: saveVersionInput,
  run: async (ctx, input): Promise<Outcome<SavedVersion & { planIds: string[] }>> => {
    const { policyId, yaml, message } = input;
    // Before anything is locked: a long text is judged for a moment, and nobody else waits for it.
    judgePolicy(yaml, ctx.clock());
    const submitted = await submitChange(ctx, policyVersionChange, {
      content: { policyId, yaml },
      message,
      applyAt: input.applyAt ?? null,
      admit: (at, actor) => admit(at, actor, input),
    });
    if (submitted.outcome === "proposed") return submitted;
    const { changeId, result, planIds } = submitted;
    return { outcome: "applied", changeId, ...result, planIds };
  },
});

async function admit(
  { tx, orgId }: In,
  actor: UserActor | ApiKeyActor,
  { policyId, baseVersion }: { policyId: string; baseVersion: number },
): Promise<void> {
  const { policies: p } = tables;
  const mine = and(eq(p.orgId, orgId), eq(p.id, policyId));
  const policy = first(await tx.select({ labels: p.labels, latestVersion: p.latestVersion }).from(p).where(mine));
  if (policy === null) throw notFound();
  authorizeOn(actor, { action: "propose", kind: "policy", labels: stored<Labels>(policy.labels) });
  // Whoever edited an older text has not seen what came since; their edit must not undo it unseen.
  if (policy.latestVersion !== baseVersion)
    throw new CreelError(
      "conflict",
      `Version ${policy.latestVersion} was saved meanwhile. Look at it and make your change again on top of it.`,
      { details: { latestVersion: policy.latestVersion } },
    );
}
