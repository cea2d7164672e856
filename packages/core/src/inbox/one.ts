import { sql, type Tx, tables } from "@creel/db";
import type { BinaryIdentity, ExceptionScope } from "@creel/protocol";
import { visibleDecisions } from "../authz/scopeSql.ts";
import type { ApiKeyActor, UserActor } from "../context.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { patternOf } from "./group.ts";
import { DAYS_MAX } from "./limits.ts";
import { seen } from "./seen.ts";
import { notAllowable } from "./view.ts";

const DAY_MS = 24 * 3600 * 1000;

export interface OneGroup {
  sandboxIds: string[];
  scope: ExceptionScope;
  label: string;
  notAllowable: string | null;
}

/**
 * A group as it stands in the journal: what may be allowed of it is read there and taken from nobody's word, so that a grant never
 * names more than what was asked. Throws `notFound()` where the actor sees none of it.
 */
export async function oneGroup(
  tx: Tx,
  given: { actor: UserActor | ApiKeyActor; groupKey: string; now: Date },
): Promise<OneGroup> {
  const { actor, groupKey, now } = given;
  const { orgId } = actor;
  const since = new Date(now.getTime() - DAYS_MAX * DAY_MS);
  const within = visibleDecisions(actor);
  const sandboxes = await tx.execute<{ id: string; cursor: string }>(sql`
    select sandbox_id as id, max(cursor)::text as cursor from (${seen({ orgId, since, within, keys: [groupKey] })}) d
    where exists (select from ${tables.sandboxes} s where s.org_id = ${orgId}::uuid and s.id = d.sandbox_id and s.removed_at is null)
    group by sandbox_id order by max(cursor) desc`);
  const newest = sandboxes[0];
  if (newest === undefined) throw notFound();
  const [row] = await tx.execute<{
    host: string;
    port: number;
    method: string | null;
    path: string | null;
    reason: string;
    binary: BinaryIdentity | null;
  }>(sql`
    select host, port, method, path, reason, "binary" from decisions where org_id = ${orgId}::uuid and cursor = ${newest.cursor}::bigint`);
  if (row === undefined) throw notFound();
  const { host, port, method, reason } = row;
  const pathPattern = patternOf(row.path);
  const binary = row.binary?.path ?? null;
  const request = method === null ? {} : { method, ...(pathPattern === null ? {} : { path: pathPattern }) };
  return {
    sandboxIds: sandboxes.map(({ id }) => id).sort(),
    scope: { binary: binary ?? "", host, port, ...request },
    label: `${binary ?? "an unknown program"} → ${method ?? "connect"} ${host}:${port}${pathPattern ?? ""}`,
    notAllowable: notAllowable({ binary, host, port, method, pathPattern, reason }),
  };
}

export function expectAllowable({ notAllowable: why }: OneGroup): void {
  if (why !== null) throw new CreelError("conflict", why);
}
