import { changeStates } from "@creel/approvals";
import { and, desc, eq, inArray, lt, type SQL, sql, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { inScope } from "../authz/scopeSql.ts";
import type { ChangeView } from "../changeViews.ts";
import { type ApiKeyActor, personOf, type UserActor } from "../context.ts";
import { PAGE_DEFAULT, PAGE_MAX } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import { reviewsOf, toChangeView } from "./view.ts";

export const listInput = z.strictObject({
  state: z.enum(changeStates).optional(),
  /** `waiting`: not over; `mine`: written by the asking person; `review`: a broken glass nobody has looked back at. */
  show: z.enum(["waiting", "mine", "review"]).optional(),
  kind: z.string().max(64).optional(),
  before: z.uuid().optional(),
  limit: z.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
});

const c = tables.changes;

/** Changes over whose every touched thing some grant lets this one read. */
export function readableChanges(actor: UserActor | ApiKeyActor): SQL | undefined {
  const each = inScope(actor, { action: "read", kind: "change", labels: sql`touched.labels` });
  if (each === undefined) return undefined;
  return sql`(jsonb_array_length(${c.touches}) > 0 and not exists (
    select 1 from jsonb_array_elements(${c.touches}) as touched(labels) where not coalesce((${each}), false)))`;
}

export const list = defineVerb({
  name: "change.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "change" },
  input: listInput,
  run: async (ctx, input): Promise<{ items: ChangeView[]; nextBefore: string | null }> => {
    const { orgId } = ctx.actor;
    return await withOrg(ctx.db, orgId, async (tx) => {
      const rows = await tx
        .select()
        .from(c)
        .where(
          and(
            eq(c.orgId, orgId),
            readableChanges(ctx.actor),
            input.state === undefined ? undefined : eq(c.state, input.state),
            input.kind === undefined ? undefined : eq(c.kind, input.kind),
            input.before === undefined ? undefined : lt(c.id, input.before),
            shown(input.show, ctx.actor),
          ),
        )
        .orderBy(desc(c.id))
        .limit(input.limit);
      const reviews = await reviewsOf(tx, { orgId, changeIds: rows.map(({ id }) => id) });
      return {
        items: rows.map((row) => toChangeView(row, reviews.get(row.id) ?? null)),
        nextBefore: rows.length === input.limit ? (rows.at(-1)?.id ?? null) : null,
      };
    });
  },
});

function shown(show: "waiting" | "mine" | "review" | undefined, actor: UserActor | ApiKeyActor): SQL | undefined {
  if (show === "waiting") return inArray(c.state, ["open", "approved"]);
  if (show === "mine") return eq(c.authorUserId, personOf(actor) ?? sql`null`);
  if (show === undefined) return undefined;
  const r = tables.changeReviews;
  return sql`exists (select 1 from ${r} where ${r.orgId} = ${c.orgId} and ${r.changeId} = ${c.id} and ${r.closedAt} is null)`;
}
