import { sql, type Tx } from "@creel/db";
import { visible } from "@creel/policy";
import type { BinaryIdentity, ExceptionScope } from "@creel/protocol";
import { visibleDecisions } from "../authz/scopeSql.ts";
import type { ApiKeyActor, UserActor } from "../context.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { othersKey, patternOf } from "./group.ts";
import { oldest } from "./oldest.ts";
import { askedBy } from "./seen.ts";
import { notAllowable } from "./view.ts";

export interface OneGroup {
  sandboxIds: string[];
  /** Of the newest decision. */
  decisionId: string;
  scope: ExceptionScope;
  label: string;
  /** Different things that are counted together. */
  others: boolean;
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
  const asking = askedBy({ orgId, since: oldest(now), groupKey, within: visibleDecisions(actor) });
  const sandboxes = await tx.execute<{ id: string; cursor: string }>(sql`
    select sandbox_id::text as id, cursor::text as cursor from (${asking}) d order by d.cursor desc`);
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
  const others = othersKey(newest.id) === groupKey;
  const what = others ? "other things, the newest: " : "";
  return {
    sandboxIds: sandboxes.map(({ id }) => id).sort(),
    decisionId: newest.cursor,
    scope: { binary: binary ?? "", host, port, ...request },
    label: visible(
      `${what}${binary ?? "an unknown program"} → ${method ?? "connect"} ${host}:${port}${pathPattern ?? ""}`,
    ),
    others,
    notAllowable: notAllowable({ binary, host, port, method, pathPattern, reason, others }),
  };
}

export function expectAllowable({ notAllowable: why }: OneGroup): void {
  if (why !== null) throw new CreelError("conflict", why);
}
