import { and, asc, desc, eq, isNull, sql, type Tx, tables } from "@creel/db";
import { type Policy, parsePolicy } from "@creel/policy";
import { visibleSandboxes } from "../authz/scopeSql.ts";
import type { ApiKeyActor, UserActor } from "../context.ts";
import { PAGE_MAX } from "../limits.ts";
import { iso, isoOrNull, storedOrNull } from "../stored.ts";
import type { SecretBindingView, SecretUserView, SecretVersionView, SecretView } from "../views.ts";
import { boundSandboxes, placeholderOf } from "./bound.ts";
import { placesOf } from "./places.ts";

const {
  secrets: x,
  secretVersions: v,
  secretBindings: b,
  sandboxes: s,
  nodes: n,
  policies: p,
  policyVersions: pv,
} = tables;

export async function secretViews(tx: Tx, query: { orgId: string; secretId?: string }): Promise<SecretView[]> {
  const rows = await tx
    .select({
      secret: x,
      bindings: sql<number>`(select count(*)::int from ${b} where ${b.orgId} = ${x.orgId} and ${b.secretId} = ${x.id} and ${b.endedAt} is null)`,
      formerUntil: sql<
        string | null
      >`(select max(${v.endsAt}) from ${v} where ${v.orgId} = ${x.orgId} and ${v.secretId} = ${x.id} and ${v.endedAt} is null)`,
    })
    .from(x)
    .where(
      and(
        eq(x.orgId, query.orgId),
        isNull(x.removedAt),
        query.secretId === undefined ? undefined : eq(x.id, query.secretId),
      ),
    )
    .orderBy(asc(x.name))
    .limit(PAGE_MAX);
  return rows.map(({ secret, bindings, formerUntil }) => ({
    id: secret.id,
    name: secret.name,
    description: secret.description,
    version: secret.latestVersion,
    createdBy: secret.createdBy,
    createdAt: iso(secret.createdAt),
    rotatedAt: iso(secret.updatedAt),
    lastUsedAt: isoOrNull(secret.lastUsedAt),
    bindings,
    formerUntil: formerUntil === null ? null : iso(new Date(formerUntil)),
  }));
}

export async function versionViews(
  tx: Tx,
  { orgId, secretId, keyId }: { orgId: string; secretId: string; keyId: string },
): Promise<SecretVersionView[]> {
  const rows = await tx
    .select()
    .from(v)
    .where(and(eq(v.orgId, orgId), eq(v.secretId, secretId)))
    .orderBy(desc(v.version))
    .limit(PAGE_MAX);
  return rows.map((row) => ({
    version: row.version,
    createdBy: row.createdBy,
    createdAt: iso(row.createdAt),
    endsAt: isoOrNull(row.endsAt),
    endedAt: isoOrNull(row.endedAt),
    formerKey: row.kmsKeyId !== null && row.kmsKeyId !== keyId,
  }));
}

/** A sandbox the asking person may not see keeps its name to itself; that it is bound is the secret's own affair. */
export async function bindingViews(
  tx: Tx,
  { actor, secretId }: { actor: UserActor | ApiKeyActor; secretId: string },
): Promise<SecretBindingView[]> {
  const { orgId } = actor;
  const rows = await tx
    .select({ binding: b, sandboxName: s.name, visible: sql<boolean>`${visibleSandboxes(actor) ?? sql`true`}` })
    .from(b)
    .leftJoin(s, and(eq(s.orgId, b.orgId), eq(s.id, b.sandboxId)))
    .leftJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
    .where(and(eq(b.orgId, orgId), eq(b.secretId, secretId), isNull(b.endedAt)))
    .orderBy(asc(b.id));
  return rows.map(({ binding, sandboxName, visible }) => ({
    id: binding.id,
    sandboxId: visible === true ? binding.sandboxId : null,
    sandboxName: visible === true ? sandboxName : null,
    scope: storedOrNull<SecretBindingView["scope"]>(binding.scope),
    createdBy: binding.createdBy,
    createdAt: iso(binding.createdAt),
  }));
}

/** The sandboxes that may use it now, and where their newest policies let it go. */
export async function userViews(
  tx: Tx,
  { actor, secretId }: { actor: UserActor | ApiKeyActor; secretId: string },
): Promise<SecretUserView[]> {
  const { orgId } = actor;
  const bound = new Map((await boundSandboxes(tx, { orgId, secretId })).map((sandbox) => [sandbox.id, sandbox]));
  if (bound.size === 0) return [];
  const rows = await tx
    .select({ id: s.id, name: s.name, nodeName: n.name, policyId: p.id, policyName: p.name, yaml: pv.yaml })
    .from(s)
    .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
    .innerJoin(p, and(eq(p.orgId, s.orgId), eq(p.id, s.policyId)))
    .innerJoin(pv, and(eq(pv.orgId, p.orgId), eq(pv.policyId, p.id), eq(pv.version, p.latestVersion)))
    .where(and(eq(s.orgId, orgId), isNull(s.removedAt), visibleSandboxes(actor)))
    .orderBy(asc(s.name))
    .limit(PAGE_MAX);
  const read = new Map<string, Policy | null>();
  return rows.flatMap(({ yaml, ...row }) => {
    const secret = bound.get(row.id)?.secrets.find((each) => each.secretId === secretId);
    if (secret === undefined) return [];
    if (!read.has(yaml)) read.set(yaml, parsePolicy(yaml).policy);
    return [
      { ...row, placeholder: placeholderOf(row.id, secret), places: placesOf(secret.name, read.get(yaml) ?? null) },
    ];
  });
}
