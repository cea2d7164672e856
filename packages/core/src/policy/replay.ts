import { and, desc, eq, gte, lt, type SQL, tables, withOrg } from "@creel/db";
import { type CompiledPolicy, compilePolicy, createReplay, parsePolicy, type RecordedRequest } from "@creel/policy";
import { POLICY_BYTES_MAX } from "@creel/protocol";
import { z } from "zod";
import { visibleDecisions, visiblePolicies } from "../authz/scopeSql.ts";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { answeredRequest } from "../decision/view.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { first, iso } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { PolicyReplay } from "../views.ts";

/** A month of one policy's decisions; more is asked of the journal with `creel policy replay`. */
const DAYS_MAX = 31;
/** The most rows one call reads: a second or two of this server's time. The newest ones are taken. */
const ROWS_MAX = 100_000;
/** Rows read at a time, so that neither memory nor other callers wait for the whole. */
const PAGE_ROWS = 2_000;
/** More groups than anybody reads in a dialog. */
const GROUPS_MAX = 200;
const DAY_MS = 24 * 60 * 60 * 1000;

export const replayInput = z.strictObject({
  policyId: z.uuid(),
  yaml: z.string().max(POLICY_BYTES_MAX),
  days: z.number().int().min(1).max(DAYS_MAX).default(7),
});

/** What the recorded requests of a policy's sandboxes would have got from another text of it. Changes nothing. */
export const replay = defineVerb({
  name: "policy.replay",
  kind: "query",
  gate: { by: "person", action: "read", on: "decision" },
  input: replayInput,
  run: async (ctx, { policyId, yaml, days }): Promise<PolicyReplay> => {
    const { orgId } = ctx.actor;
    await expectPolicy(ctx, policyId);
    const within = visibleDecisions(ctx.actor);
    const after = compiled(yaml);
    const since = new Date(ctx.clock().getTime() - days * DAY_MS);
    return await replayStored(ctx, { orgId, policyId, within, after, since, rowsMax: ROWS_MAX, pageRows: PAGE_ROWS });
  },
});

interface Stored {
  orgId: string;
  policyId: string;
  /** What the asking person may see, of decisions with their sandboxes and nodes. */
  within?: SQL | undefined;
  after: CompiledPolicy;
  since: Date;
  rowsMax: number;
  pageRows: number;
}

/** Page by page from the newest, each in a transaction of its own; the bounds are arguments so that tests can reach them. */
export async function replayStored(ctx: Ctx, given: Stored): Promise<PolicyReplay> {
  const { rowsMax, pageRows } = given;
  const replaying = createReplay({ after: given.after });
  let rows = 0;
  let oldest: { cursor: number; record: { time: string } } | null = null;
  let more = true;
  while (more && rows < rowsMax) {
    const limit = Math.min(pageRows, rowsMax - rows);
    // One more than is judged, to know whether there are more.
    const page: StoredRequest[] = await pageOf(ctx, given, { before: oldest?.cursor ?? null, limit: limit + 1 });
    more = page.length > limit;
    for (const each of page.slice(0, limit)) {
      replaying.add(each.record);
      oldest = each;
      rows++;
    }
  }
  const result = replaying.result();
  return {
    ...result,
    groups: result.groups.slice(0, GROUPS_MAX),
    groupsLeftOut: Math.max(0, result.groups.length - GROUPS_MAX),
    since: more && oldest !== null ? oldest.record.time : iso(given.since),
    truncated: more,
  };
}

function compiled(yaml: string): CompiledPolicy {
  const { policy, problems } = parsePolicy(yaml);
  if (policy === null)
    throw new CreelError("policy_invalid", "A text with errors cannot be tried on what was recorded.", {
      details: { problems },
    });
  return compilePolicy(policy);
}

async function expectPolicy(ctx: Ctx<UserActor | ApiKeyActor>, policyId: string): Promise<void> {
  const { orgId } = ctx.actor;
  const { policies: p } = tables;
  const found = await withOrg(ctx.db, orgId, (tx) =>
    tx
      .select({ id: p.id })
      .from(p)
      .where(and(eq(p.orgId, orgId), eq(p.id, policyId), visiblePolicies(ctx.actor))),
  );
  if (first(found) === null) throw notFound();
}

interface StoredRequest {
  cursor: number;
  record: RecordedRequest;
}

async function pageOf(
  ctx: Ctx,
  of: Pick<Stored, "orgId" | "policyId" | "within" | "since">,
  page: { before: number | null; limit: number },
): Promise<StoredRequest[]> {
  const { decisions: d, sandboxes: s, nodes: n } = tables;
  const rows = await withOrg(ctx.db, of.orgId, (tx) =>
    tx
      .select({ decision: d, sandbox: s.name })
      .from(d)
      .innerJoin(s, and(eq(s.orgId, d.orgId), eq(s.id, d.sandboxId)))
      .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
      .where(
        and(
          eq(d.orgId, of.orgId),
          eq(s.policyId, of.policyId),
          gte(d.time, of.since),
          of.within,
          page.before === null ? undefined : lt(d.cursor, page.before),
        ),
      )
      .orderBy(desc(d.cursor))
      .limit(page.limit),
  );
  return rows.map(({ decision: row, sandbox }) => ({
    cursor: row.cursor,
    record: { ...answeredRequest(row), sandbox },
  }));
}
