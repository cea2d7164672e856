import type { Labels } from "@creel/approvals";
import { and, eq, type Tx, tables } from "@creel/db";
import { POLICY_BYTES_MAX } from "@creel/protocol";
import { z } from "zod";
import { labelsSchema } from "../authz/fields.ts";
import { authorizeRelabel } from "../authz/relabel.ts";
import { type ApprovedChange, defineChangeKind, type In } from "../change/kinds.ts";
import type { Ctx } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { slugSchema } from "../limits.ts";
import { first } from "../stored.ts";
import { insertPolicy } from "./insert.ts";
import { NOTHING_ALLOWED } from "./nothingAllowed.ts";
import { riskBetween } from "./versionChange.ts";

export const newPolicySchema = z.strictObject({
  name: slugSchema,
  labels: labelsSchema,
  yaml: z.string().max(POLICY_BYTES_MAX),
});
type Content = z.output<typeof newPolicySchema>;

/** The first text of a policy. It waits like every later one: sandboxes could use it from the moment it is there. */
export const policyCreateChange = defineChangeKind({
  kind: "policy_create",
  selectedAs: "policy_version",
  contentSchema: newPolicySchema,
  propose: { action: "propose", on: "policy" },
  direct: { action: "create", on: "policy" },
  admitEditor: async (_at, actor, { labels }) =>
    authorizeRelabel(actor, { action: "propose", kind: "policy", from: {}, to: labels }),
  subject: ({ name }) => `policy:new:${name}`,
  base: async (at, { name }) => ({ name, taken: await isTaken(at, name) }),
  labels: async (_at, { labels }): Promise<Labels[]> => [labels],
  risk: async ({ now }, { yaml }) => riskBetween(NOTHING_ALLOWED, yaml, now),
  summary: async (_at, { name }) => `The new policy ${name}`,
  neverByGlass:
    "Break-glass makes no policy, since nothing would take it back. Break it on the text of one that is there, or on an exception.",
  apply,
});

export async function isTaken({ tx, orgId }: In, name: string): Promise<boolean> {
  const p = tables.policies;
  const rows = await tx
    .select({ id: p.id })
    .from(p)
    .where(and(eq(p.orgId, orgId), eq(p.name, name)));
  return first(rows) !== null;
}

export const nameTaken = (name: string): CreelError =>
  new CreelError("conflict", `A policy called ${name} exists already. Save a new version of it.`);

async function apply(
  tx: Tx,
  ctx: Ctx,
  content: Content,
  { orgId, author, authorUserId, message }: ApprovedChange & { orgId: string },
): Promise<{ policyId: string }> {
  if (await isTaken({ tx, orgId, now: ctx.clock() }, content.name)) throw nameTaken(content.name);
  const by = { label: author, userId: authorUserId };
  return { policyId: await insertPolicy(tx, ctx, { orgId, ...content, message, by }) };
}
