import { sql, type Tx } from "@creel/db";
import type { Ctx, NodeActor } from "../context.ts";
import { countDenied } from "../inbox/count.ts";
import { groupKey } from "../inbox/group.ts";
import type { OwnDecision, OwnFlow } from "./sortJournal.ts";

interface Stored extends Record<string, unknown> {
  cursor: string;
  sandbox_id: string;
  group_key: string | null;
  time: Date | string;
}

/**
 * Rows travel as one JSON parameter and become rows in the database: one statement for a batch of any size. The lock is
 * per org and held to the commit, so cursors are committed in their own order and a feed that resumes after one never
 * misses a smaller one that was committed later.
 */
export async function insertDecisions(
  tx: Tx,
  { actor, clock }: Pick<Ctx<NodeActor>, "actor" | "clock">,
  decisions: readonly OwnDecision[],
): Promise<number> {
  if (decisions.length === 0) return 0;
  const { orgId, nodeId } = actor;
  const rows = decisions.map(({ boot, sandboxId, record }, place) => ({
    place,
    boot,
    sandbox_id: sandboxId,
    seq: record.seq,
    time: record.time,
    kind: record.kind,
    binary: record.binary,
    host: record.host,
    port: record.port,
    protocol: record.protocol,
    method: record.method,
    path: record.path,
    decision: record.decision,
    rule: record.rule,
    reason: record.reason,
    policy_digest: record.policyDigest,
    generation: record.generation,
    bytes_in: record.bytesIn,
    bytes_out: record.bytesOut,
    duration_ms: record.durationMs,
    credentials: record.credentials ?? null,
    group_key: groupKey(record),
  }));
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`decisions:${orgId}`}, 0))`);
  const stored = await tx.execute<Stored>(sql`
    with given as (
      select * from json_to_recordset(${JSON.stringify(rows)}::json) as r(
        place int, boot uuid, sandbox_id uuid, seq bigint, time timestamptz, kind text, "binary" jsonb, host text, port int,
        protocol text, method text, path text, decision text, rule text, reason text, policy_digest text, generation int,
        bytes_in bigint, bytes_out bigint, duration_ms double precision, credentials jsonb, group_key text)
    ), base as (
      insert into decision_cursors as c (org_id, value) values (${orgId}::uuid, ${rows.length}::bigint)
      on conflict (org_id) do update set value = c.value + excluded.value
      returning c.value - ${rows.length}::bigint as value
    )
    insert into decisions (org_id, node_id, cursor, boot, sandbox_id, seq, time, kind, "binary", host, port, protocol, method,
      path, decision, rule, reason, policy_digest, generation, bytes_in, bytes_out, duration_ms, credentials, group_key)
    select ${orgId}::uuid, ${nodeId}::uuid, base.value + 1 + given.place, boot, sandbox_id, seq, time, kind,
      -- JSON null is a value; no identity is no value.
      nullif("binary", 'null'::jsonb), host, port, protocol, method, path, decision, rule, reason, policy_digest, generation,
      bytes_in, bytes_out, duration_ms, nullif(credentials, 'null'::jsonb), group_key
    from given, base order by given.place
    on conflict do nothing
    returning cursor::text as cursor, sandbox_id::text as sandbox_id, group_key, time`);
  // Only of what is new: a line that was sent again is counted no second time.
  const denials = stored.flatMap(({ cursor, sandbox_id, group_key, time }) =>
    group_key === null
      ? []
      : [{ sandboxId: sandbox_id, groupKey: group_key, time: new Date(time), cursor: Number(cursor) }],
  );
  await countDenied(tx, { orgId, now: clock() }, denials);
  return stored.length;
}

/** Says of decisions of this node what their flows carried. The same end told twice says the same. */
export async function applyFlows(tx: Tx, actor: NodeActor, flows: readonly OwnFlow[]): Promise<number> {
  if (flows.length === 0) return 0;
  const rows = flows.map(({ boot, flow }) => ({
    boot,
    ref: flow.ref,
    bytes_in: flow.bytesIn,
    bytes_out: flow.bytesOut,
    duration_ms: flow.durationMs,
  }));
  const changed = await tx.execute<{ seq: string }>(sql`
    update decisions d set bytes_in = f.bytes_in, bytes_out = f.bytes_out, duration_ms = f.duration_ms
    from json_to_recordset(${JSON.stringify(rows)}::json)
      as f(boot uuid, ref bigint, bytes_in bigint, bytes_out bigint, duration_ms double precision)
    where d.org_id = ${actor.orgId}::uuid and d.node_id = ${actor.nodeId}::uuid and d.boot = f.boot and d.seq = f.ref
    returning d.seq`);
  return changed.length;
}
