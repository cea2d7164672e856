import { and, eq, inArray, type Tx, tables } from "@creel/db";
import type { BinaryIdentity } from "@creel/protocol";
import { CreelError } from "../errors/errors.ts";
import { canonicalScope } from "../exception/scope.ts";
import type { DeniedGroup } from "../exceptionViews.ts";
import { storedOrNull } from "../stored.ts";
import { othersKey, patternOf } from "./group.ts";
import { GROUPS_PER_SANDBOX_DAY_MAX, SANDBOXES_NAMED_MAX } from "./limits.ts";

/** As the database counts a group. */
export interface GroupRow extends Record<string, unknown> {
  group_key: string;
  count: number;
  first_at: Date | string;
  last_at: Date | string;
  cursor: string;
  sandboxes: number;
  sandbox_ids: string[];
  /** Of each sandbox its counts by day, `2026-05-03`. */
  days: Record<string, number>[];
  mark_kind: "dismissed" | "handled" | null;
  mark_reason: string | null;
  mark_by: string | null;
  mark_at: Date | string | null;
}

const { decisions: d, sandboxes: s } = tables;
const isoOf = (at: Date | string): string => new Date(at).toISOString();

/** Names what was counted, by the newest denial of each group. */
export async function describeGroups(
  tx: Tx,
  given: { orgId: string; rows: readonly GroupRow[]; days: readonly string[] },
): Promise<DeniedGroup[]> {
  const { orgId, rows, days } = given;
  if (rows.length === 0) return [];
  const cursors = rows.map(({ cursor }) => Number(cursor));
  const newest = await tx
    .select()
    .from(d)
    .where(and(eq(d.orgId, orgId), inArray(d.cursor, cursors)));
  const decisionOf = new Map(newest.map((row) => [row.cursor, row]));
  const ids = [...new Set(rows.flatMap(({ sandbox_ids }) => sandbox_ids.slice(0, SANDBOXES_NAMED_MAX)))];
  const named = await tx
    .select({ id: s.id, name: s.name })
    .from(s)
    .where(and(eq(s.orgId, orgId), inArray(s.id, ids)));
  const nameOf = new Map(named.map(({ id, name }) => [id, name]));
  return rows.flatMap((row) => {
    const decision = decisionOf.get(Number(row.cursor));
    if (decision === undefined) return [];
    const { host, port, method, rule, reason } = decision;
    const binary = storedOrNull<BinaryIdentity>(decision.binary)?.path ?? null;
    const place = { host, port, binary, method, pathPattern: patternOf(decision.path) };
    const others = row.sandbox_ids.some((id) => othersKey(id) === row.group_key);
    return [
      {
        key: row.group_key,
        ...place,
        others,
        count: row.count,
        firstAt: isoOf(row.first_at),
        lastAt: isoOf(row.last_at),
        sandboxes: row.sandbox_ids
          .slice(0, SANDBOXES_NAMED_MAX)
          .map((id) => ({ id, name: nameOf.get(id) ?? "a removed sandbox" })),
        sandboxCount: row.sandboxes,
        decisionId: row.cursor,
        ...{ rule, reason },
        trend: days.map((day) => row.days.reduce((sum, of) => sum + (of[day] ?? 0), 0)),
        notAllowable: notAllowable({ ...place, others, reason }),
        mark: markOf(row),
      },
    ];
  });
}

const markOf = (row: GroupRow): DeniedGroup["mark"] =>
  row.mark_kind === null || row.mark_at === null
    ? null
    : { kind: row.mark_kind, reason: row.mark_reason ?? "", by: row.mark_by ?? "", at: isoOf(row.mark_at) };

export const OTHERS_SENTENCE = `These are different things: the sandbox asked for more than ${GROUPS_PER_SANDBOX_DAY_MAX} of them in a day, and the rest is counted together.`;

/** Why an exception for this would change nothing; the node decides again in any case. */
export function notAllowable(
  group: Pick<DeniedGroup, "binary" | "host" | "port" | "method" | "pathPattern" | "reason" | "others">,
): string | null {
  const { binary, host, port, method, pathPattern, reason } = group;
  if (group.others) return OTHERS_SENTENCE;
  if (binary === null) return "Nobody vouched for the program that asked, so none can be allowed.";
  if (reason.startsWith("Denied by ")) return "A deny rule of the policy names this; only the policy can allow it.";
  if (/which no policy can open|no allowed_ips of a matching entry/.test(reason))
    return "It leads to an address that no exception opens.";
  try {
    const request = method === null ? {} : { method, ...(pathPattern === null ? {} : { path: pathPattern }) };
    canonicalScope({ binary, host, port, ...request });
    return null;
  } catch (error) {
    if (error instanceof CreelError) return error.publicMessage;
    return "This request has no single reading, so no exception can name it.";
  }
}
