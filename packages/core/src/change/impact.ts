import { and, asc, eq, isNull, sql, type Tx, tables, withOrg } from "@creel/db";
import { type Policy, parsePolicy } from "@creel/policy";
import { z } from "zod";
import { visibleSandboxes } from "../authz/scopeSql.ts";
import type { ChangeImpact } from "../changeViews.ts";
import type { ApiKeyActor, UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { NOTHING_ALLOWED } from "../policy/nothingAllowed.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { readable } from "./get.ts";
import { type In, kindOf } from "./kinds.ts";
import type { ChangeRow } from "./row.ts";
import { glassSentences } from "./underGlass.ts";

/** More sandboxes than anybody reads before deciding; the rest is counted. */
const SANDBOXES_SHOWN_MAX = 50;

export const impactInput = z.strictObject({ changeId: z.uuid() });

/** What a change touches at this moment: nothing here is asked of the change but of what is there. */
export const impact = defineVerb({
  name: "change.impact",
  kind: "query",
  gate: { by: "person", action: "read", on: "change" },
  input: impactInput,
  run: async (ctx, { changeId }): Promise<ChangeImpact> => {
    const { orgId } = ctx.actor;
    return await withOrg(ctx.db, orgId, async (tx) => {
      const row = await readable(tx, ctx.actor, { orgId, changeId });
      const says = [...(await saysOf({ tx, orgId, now: ctx.clock() }, row)), ...(await glassSentences(tx, row))];
      const policy = await textsOf(tx, row);
      if (policy === null) return { says, ...NOBODY, policy: null, credentials: [] };
      const users = policy.id === null ? NOBODY : await usersOf(tx, ctx.actor, { orgId, policyId: policy.id });
      return { says, ...users, policy, credentials: intoReach(policy) };
    });
  },
});

const NOBODY = { sandboxes: [], sandboxCount: 0, nodeCount: 0 };

/** In the words of its kind; nothing where what it speaks of is there no more. */
async function saysOf(at: In, row: ChangeRow): Promise<string[]> {
  const kind = kindOf(row.kind);
  try {
    const applied = row.state === "applied" ? { base: row.base, result: row.result } : undefined;
    return [...((await kind.says?.(at, kind.contentSchema.parse(row.content), applied)) ?? [])];
  } catch (error) {
    if (error instanceof CreelError) return [];
    throw error;
  }
}

async function textsOf(tx: Tx, row: ChangeRow): Promise<ChangeImpact["policy"]> {
  if (row.kind === "policy_version") return await policyTexts(tx, row);
  if (row.kind !== "policy_create") return null;
  const { name, yaml } = stored<{ name: string; yaml: string }>(row.content);
  return { id: null, name, before: NOTHING_ALLOWED, after: yaml };
}

/** The text that the change stands on, also once it is applied, and the text it brings. */
async function policyTexts(tx: Tx, row: ChangeRow): Promise<ChangeImpact["policy"]> {
  const { policies: p, policyVersions: v } = tables;
  const content = stored<{ policyId: string; yaml: string }>(row.content);
  const { version } = stored<{ version: number }>(row.base);
  const found = first(
    await tx
      .select({ id: p.id, name: p.name, before: v.yaml })
      .from(p)
      .innerJoin(v, and(eq(v.orgId, p.orgId), eq(v.policyId, p.id), eq(v.version, version)))
      .where(and(eq(p.orgId, row.orgId), eq(p.id, content.policyId))),
  );
  return found === null ? null : { ...found, after: content.yaml };
}

/** Places to which the text after lets a credential go, and the text before did not. */
function intoReach({ before, after }: NonNullable<ChangeImpact["policy"]>): ChangeImpact["credentials"] {
  const [was, is] = [parsePolicy(before).policy, parsePolicy(after).policy];
  if (is === null) return [];
  const known = new Set(was === null ? [] : placesOf(was).map(({ name, place }) => `${name} ${place}`));
  const fresh = placesOf(is).filter(({ name, place }) => !known.has(`${name} ${place}`));
  const names = [...new Set(fresh.map(({ name }) => name))];
  return names.map((name) => ({ name, places: fresh.filter((each) => each.name === name).map(({ place }) => place) }));
}

function placesOf(policy: Policy): { name: string; place: string }[] {
  const listed = Object.entries(policy.credentials).flatMap(([name, { endpoints }]) =>
    endpoints.map(({ host, ports, path }) => ({ name, place: `${host}:${ports.join(",")}${path ?? ""}` })),
  );
  const bound = Object.values(policy.network_policies).flatMap(({ endpoints }) =>
    endpoints.flatMap(({ credential_binding, host, ports, path }) =>
      credential_binding === undefined
        ? []
        : [{ name: credential_binding.provider, place: `${host}:${ports.join(",")}${path ?? ""}` }],
    ),
  );
  return [...listed, ...bound];
}

/** How many there are, and those that the actor sees by name: whoever reads a change need not see all that it touches. */
async function usersOf(
  tx: Tx,
  actor: UserActor | ApiKeyActor,
  { orgId, policyId }: { orgId: string; policyId: string },
): Promise<Pick<ChangeImpact, "sandboxes" | "sandboxCount" | "nodeCount">> {
  const { sandboxes: s, nodes: n } = tables;
  const uses = and(eq(s.orgId, orgId), eq(s.policyId, policyId), isNull(s.removedAt));
  const counted = first(
    await tx
      .select({ sandboxCount: sql<number>`count(*)::int`, nodeCount: sql<number>`count(distinct ${s.nodeId})::int` })
      .from(s)
      .where(uses),
  );
  const sandboxes = await tx
    .select({ id: s.id, name: s.name, nodeId: s.nodeId, nodeName: n.name, nodeConnected: n.connected })
    .from(s)
    .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
    .where(and(uses, visibleSandboxes(actor)))
    .orderBy(asc(s.name))
    .limit(SANDBOXES_SHOWN_MAX);
  return { sandboxes, sandboxCount: counted?.sandboxCount ?? 0, nodeCount: counted?.nodeCount ?? 0 };
}
