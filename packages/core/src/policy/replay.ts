import { and, desc, eq, gte, inArray, lt, tables, withOrg } from "@creel/db";
import { type CompiledPolicy, compilePolicy, createReplay, parsePolicy, type RecordedRequest } from "@creel/policy";
import { type BinaryIdentity, POLICY_BYTES_MAX } from "@creel/protocol";
import { z } from "zod";
import type { Ctx } from "../context.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { first, iso, stored, storedOrNull } from "../stored.ts";
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
    const sandboxIds = await sandboxesOf(ctx, { orgId, policyId });
    const replaying = createReplay({ after: compiled(yaml) });
    const since = new Date(ctx.clock().getTime() - days * DAY_MS);
    let rows = 0;
    let before: number | null = null;
    let oldest: string | null = null;
    while (sandboxIds.length > 0 && rows < ROWS_MAX) {
      const page = await pageOf(ctx, { orgId, sandboxIds, since, before, limit: Math.min(PAGE_ROWS, ROWS_MAX - rows) });
      for (const { record } of page) replaying.add(record);
      rows += page.length;
      const last = page.at(-1);
      oldest = last?.record.time ?? oldest;
      before = last?.cursor ?? null;
      if (page.length < PAGE_ROWS) break;
    }
    const result = replaying.result();
    return {
      ...result,
      groups: result.groups.slice(0, GROUPS_MAX),
      groupsLeftOut: Math.max(0, result.groups.length - GROUPS_MAX),
      since: rows >= ROWS_MAX && oldest !== null ? oldest : iso(since),
      truncated: rows >= ROWS_MAX,
    };
  },
});

function compiled(yaml: string): CompiledPolicy {
  const { policy, problems } = parsePolicy(yaml);
  if (policy === null)
    throw new CreelError("policy_invalid", "A text with errors cannot be tried on what was recorded.", {
      details: { problems },
    });
  return compilePolicy(policy);
}

async function sandboxesOf(ctx: Ctx, { orgId, policyId }: { orgId: string; policyId: string }): Promise<string[]> {
  const { policies: p, sandboxes: s } = tables;
  return await withOrg(ctx.db, orgId, async (tx) => {
    const policy = first(
      await tx
        .select({ id: p.id })
        .from(p)
        .where(and(eq(p.orgId, orgId), eq(p.id, policyId))),
    );
    if (policy === null) throw notFound();
    const found = await tx
      .select({ id: s.id })
      .from(s)
      .where(and(eq(s.orgId, orgId), eq(s.policyId, policyId)));
    return found.map(({ id }) => id);
  });
}

async function pageOf(
  ctx: Ctx,
  page: { orgId: string; sandboxIds: readonly string[]; since: Date; before: number | null; limit: number },
): Promise<{ cursor: number; record: RecordedRequest & { time: string } }[]> {
  const { decisions: d, sandboxes: s } = tables;
  const rows = await withOrg(ctx.db, page.orgId, (tx) =>
    tx
      .select({ decision: d, sandbox: s.name })
      .from(d)
      .innerJoin(s, and(eq(s.orgId, d.orgId), eq(s.id, d.sandboxId)))
      .where(
        and(
          eq(d.orgId, page.orgId),
          inArray(d.sandboxId, [...page.sandboxIds]),
          gte(d.time, page.since),
          page.before === null ? undefined : lt(d.cursor, page.before),
        ),
      )
      .orderBy(desc(d.cursor))
      .limit(page.limit),
  );
  return rows.map(({ decision: row, sandbox }) => ({
    cursor: row.cursor,
    record: {
      time: iso(row.time),
      sandbox,
      kind: row.kind,
      binary: storedOrNull<BinaryIdentity>(row.binary),
      host: row.host,
      port: row.port,
      protocol: row.protocol,
      method: row.method,
      path: row.path,
      decision: stored<NonNullable<RecordedRequest["decision"]>>(row.decision),
      rule: row.rule,
      reason: row.reason,
    },
  }));
}
