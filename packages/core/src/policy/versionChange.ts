import type { Labels, RiskGrade } from "@creel/approvals";
import { and, eq, isNull, notify, type Tx, tables } from "@creel/db";
import { diffPolicies, parsePolicy } from "@creel/policy";
import { POLICY_BYTES_MAX } from "@creel/protocol";
import { z } from "zod";
import { describeActor, recordAudit } from "../audit/record.ts";
import { sandboxLabels } from "../authz/scopeSql.ts";
import { type AppliedChange, defineChangeKind, type In, type TakenBack } from "../change/kinds.ts";
import { type Ctx, personOf } from "../context.ts";
import { notFound } from "../errors/errors.ts";
import { first, stored } from "../stored.ts";
import { judgePolicy } from "./judge.ts";
import { opensBetween, type WayBack, wayBack } from "./wayBack.ts";

const { policies: p, policyVersions: v, sandboxes: s, nodes: n } = tables;

const contentSchema = z.strictObject({ policyId: z.uuid(), yaml: z.string().max(POLICY_BYTES_MAX) });
type Content = z.output<typeof contentSchema>;
type Applied = AppliedChange<Content>;

/** A new text of a policy: what every sandbox that uses it may do from then on. */
export const policyVersionChange = defineChangeKind({
  kind: "policy_version",
  contentSchema,
  propose: { action: "propose", on: "policy" },
  direct: { action: "update", on: "policy" },
  subject: ({ policyId }) => `policy:${policyId}`,
  base: async (at, { policyId }) => {
    const { policy, newest } = await newestVersion(at, policyId);
    return { policyId, version: policy.latestVersion, digest: newest.digest };
  },
  labels: async (at, { policyId }) => {
    const { policy } = await newestVersion(at, policyId);
    return [stored<Labels>(policy.labels), ...(await labelsOfUsers(at, policyId))];
  },
  risk: async (at, { policyId, yaml }) => {
    const { newest } = await newestVersion(at, policyId);
    return riskBetween(newest.yaml, yaml, at.now);
  },
  summary: async (at, { policyId }) => {
    const { policy } = await newestVersion(at, policyId);
    return `Version ${policy.latestVersion + 1} of the policy ${policy.name}`;
  },
  apply: async (tx, ctx, content, { orgId, author, authorUserId, message }) =>
    await writeVersion(tx, ctx, { ...content, orgId, author, authorUserId, message }),
  nodes: nodesUsing,
  planCause: "policy.saveVersion",
  takeBack,
  opened: async (at, applied) => opensBetween((await formerText(at.tx, applied)).yaml, applied.content.yaml, at.now),
});

export interface SavedVersion {
  version: number;
  digest: string;
}

export async function newestVersion({ tx, orgId }: In, policyId: string) {
  const found = first(
    await tx
      .select({ policy: p, newest: v })
      .from(p)
      .innerJoin(v, and(eq(v.orgId, p.orgId), eq(v.policyId, p.id), eq(v.version, p.latestVersion)))
      .where(and(eq(p.orgId, orgId), eq(p.id, policyId))),
  );
  if (found === null) throw notFound();
  return found;
}

export async function labelsOfUsers({ tx, orgId }: In, policyId: string): Promise<Labels[]> {
  const rows = await tx
    .selectDistinct({ labels: sandboxLabels })
    .from(s)
    .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
    .where(and(eq(s.orgId, orgId), eq(s.policyId, policyId), isNull(s.removedAt)));
  return rows.map(({ labels }) => stored<Labels>(labels));
}

async function nodesUsing({ tx, orgId }: In, { policyId }: Content): Promise<string[]> {
  const rows = await tx
    .selectDistinct({ nodeId: s.nodeId })
    .from(s)
    .where(and(eq(s.orgId, orgId), eq(s.policyId, policyId), isNull(s.removedAt)));
  return rows.map((row) => row.nodeId);
}

/** What cannot be compared is of the gravest kind. */
export function riskBetween(before: string, after: string, now: Date): RiskGrade {
  const [a, b] = [parsePolicy(before).policy, parsePolicy(after).policy];
  if (a === null || b === null) return "critical";
  return diffPolicies(a, b, { nowMs: now.getTime() }).risk;
}

interface Writing extends Content {
  orgId: string;
  author: string;
  authorUserId: string | null;
  message: string;
  /** Of a text that was a version before: put back, it is not judged anew by tests that time may have undone. */
  digest?: string | undefined;
}

async function writeVersion(tx: Tx, ctx: Ctx, given: Writing): Promise<SavedVersion> {
  const { orgId, policyId, yaml, message, author, authorUserId } = given;
  const now = ctx.clock();
  // Judged once more: an entry may have expired since it was proposed, and with it a test.
  const digest = given.digest ?? judgePolicy(yaml, now).digest;
  const { policy, newest } = await newestVersion({ tx, orgId, now }, policyId);
  const version = policy.latestVersion + 1;
  await tx.insert(v).values({ orgId, policyId, version, digest, yaml, message, author, authorUserId, createdAt: now });
  await tx
    .update(p)
    .set({ latestVersion: version, updatedAt: now })
    .where(and(eq(p.orgId, orgId), eq(p.id, policyId)));
  await recordAudit(tx, ctx, orgId, {
    action: "policy.saveVersion",
    resource: { kind: "policy", id: policy.id, label: policy.name },
    changes: {
      latestVersion: { from: policy.latestVersion, to: version },
      digest: { from: newest.digest, to: digest },
      ...(message === "" ? {} : { message: { to: message } }),
    },
  });
  await notify(tx, { orgId, topic: "policies", id: policy.id });
  return { version, digest };
}

const stoodOnSchema = z.object({ version: z.number().int() });
const savedSchema = z.object({ version: z.number().int(), digest: z.string() });

/** By the call it was asked in: a transaction that runs again after others' writes compares the same texts once. */
const asked = new WeakMap<Ctx, { applied: string; former: string; way: WayBack }>();

function wayOf(ctx: Ctx, texts: Parameters<typeof wayBack>[0]): WayBack {
  const { applied, former } = texts;
  const known = asked.get(ctx);
  if (known?.applied === applied && known.former === former) return known.way;
  const way = wayBack(texts);
  asked.set(ctx, { applied, former, way });
  return way;
}

async function formerText(tx: Tx, applied: Applied) {
  const { orgId, content, base } = applied;
  const { version } = stoodOnSchema.parse(base);
  const mine = and(eq(v.orgId, orgId), eq(v.policyId, content.policyId), eq(v.version, version));
  const former = first(await tx.select().from(v).where(mine));
  if (former === null) throw notFound();
  return former;
}

/**
 * The text of before as a new version, where nobody has saved another since. What that would open waits for its approvals: until then
 * only what both texts allow is allowed.
 */
async function takeBack(tx: Tx, ctx: Ctx, applied: Applied): Promise<TakenBack<Content>> {
  const { orgId } = applied;
  const now = ctx.clock();
  const { policyId } = applied.content;
  const saved = savedSchema.parse(applied.result);
  const { policy, newest } = await newestVersion({ tx, orgId, now }, policyId);
  if (newest.version !== saved.version || newest.digest !== saved.digest)
    return { how: "left", note: `Version ${policy.latestVersion} was saved since.` };
  const former = await formerText(tx, applied);
  const reopen = { policyId, yaml: former.yaml };
  const way = wayOf(ctx, { applied: newest.yaml, former: former.yaml, now });
  if (way.how === "stay") return { how: "narrowed", reopen, wrote: false };
  const by = { orgId, policyId, author: describeActor(ctx.actor).label, authorUserId: personOf(ctx.actor) };
  const because = `version ${saved.version} was applied by break-glass and is taken back`;
  if (way.how === "part") {
    const message = `What version ${former.version} allowed as well: ${because}, and opens again nothing that it closed.`;
    await writeVersion(tx, ctx, { ...by, yaml: way.yaml, message });
    return { how: "narrowed", reopen, wrote: true };
  }
  const { yaml, digest } = former;
  await writeVersion(tx, ctx, { ...by, yaml, digest, message: `Version ${former.version} again: ${because}.` });
  return { how: "taken_back" };
}
