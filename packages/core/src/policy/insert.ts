import { newId, notify, type Tx, tables } from "@creel/db";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import type { Labels } from "../authz/grant.ts";
import { type Ctx, personOf } from "../context.ts";
import { judgePolicy } from "./judge.ts";

/** A new policy with its first version, in the caller's transaction. Throws `policy_invalid`. */
export async function insertPolicy(
  tx: Tx,
  ctx: Ctx,
  given: {
    orgId: string;
    name: string;
    labels?: Labels | undefined;
    yaml: string;
    message: string;
    /** Whose text it is, where that is not who acts. */
    by?: { label: string; userId: string | null };
  },
): Promise<string> {
  const { orgId, name, yaml, message } = given;
  const now = ctx.clock();
  const { digest } = judgePolicy(yaml, now);
  const policy = {
    orgId,
    id: newId(now),
    name,
    labels: given.labels ?? {},
    latestVersion: 1,
    createdAt: now,
    updatedAt: now,
  };
  await tx.insert(tables.policies).values(policy);
  const author = given.by?.label ?? describeActor(ctx.actor).label;
  await tx.insert(tables.policyVersions).values({
    orgId,
    policyId: policy.id,
    version: 1,
    digest,
    yaml,
    message,
    author,
    authorUserId: given.by === undefined ? personOf(ctx.actor) : given.by.userId,
    createdAt: now,
  });
  await recordAudit(tx, ctx, orgId, {
    action: "policy.create",
    resource: { kind: "policy", id: policy.id, label: name },
    changes: { ...changesOf("policies", null, policy), digest: { to: digest } },
  });
  await notify(tx, { orgId, topic: "policies", id: policy.id });
  return policy.id;
}
