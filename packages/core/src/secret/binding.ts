import type { Labels } from "@creel/approvals";
import { and, eq, isNull, tables } from "@creel/db";
import { type Policy, parsePolicy } from "@creel/policy";
import { z } from "zod";
import { inOrder, scopeSchema } from "../authz/fields.ts";
import { type Scope, scopeCovers } from "../authz/grant.ts";
import { sandboxLabels } from "../authz/scopeSql.ts";
import type { In } from "../change/kinds.ts";
import { notFound } from "../errors/errors.ts";
import { stored } from "../stored.ts";
import { placesOf, type SecretPlace } from "./places.ts";

/** What a binding says: which secret, and the one sandbox or the labels that may use it. Equal ones are equal texts. */
export const bindingSchema = z
  .strictObject({
    secretId: z.uuid(),
    sandboxId: z.uuid().nullable(),
    scope: scopeSchema.transform(inOrder).nullable(),
  })
  .refine(({ sandboxId, scope }) => (sandboxId === null) !== (scope === null), {
    message: "name one sandbox, or labels that sandboxes have",
  });
export type Binding = z.output<typeof bindingSchema>;

/** Whatever order a database or a person wrote them in. */
export const sameScope = (one: Scope | null, other: Scope | null): boolean =>
  one === null || other === null ? one === other : JSON.stringify(inOrder(one)) === JSON.stringify(inOrder(other));

export async function nameOfSecret({ tx, orgId }: In, secretId: string): Promise<string> {
  const t = tables.secrets;
  const [row] = await tx
    .select({ name: t.name })
    .from(t)
    .where(and(eq(t.orgId, orgId), eq(t.id, secretId), isNull(t.removedAt)));
  if (row === undefined) throw notFound();
  return row.name;
}

export interface Fitting {
  id: string;
  name: string;
  nodeId: string;
  policyId: string;
  labels: Labels;
}

/** The sandboxes that a binding is for at this moment; a named one that is gone is not found. */
export async function fittingSandboxes(at: In, binding: Binding): Promise<Fitting[]> {
  const fitting = await sandboxesOf(at, binding);
  if (binding.sandboxId !== null && fitting.length === 0) throw notFound();
  return fitting;
}

/** Nodes that have to hear of it, also when it has ended. */
export const nodesOfBinding = async (at: In, binding: Binding): Promise<string[]> => [
  ...new Set((await sandboxesOf(at, binding)).map(({ nodeId }) => nodeId)),
];

async function sandboxesOf({ tx, orgId }: In, { sandboxId, scope }: Binding): Promise<Fitting[]> {
  const { sandboxes: s, nodes: n } = tables;
  const rows = await tx
    .select({ id: s.id, name: s.name, nodeId: s.nodeId, policyId: s.policyId, labels: sandboxLabels })
    .from(s)
    .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
    .where(and(eq(s.orgId, orgId), isNull(s.removedAt), sandboxId === null ? isNull(n.revokedAt) : eq(s.id, sandboxId)))
    .orderBy(s.name);
  const known = rows.map((row) => ({ ...row, labels: stored<Labels>(row.labels) }));
  return scope === null ? known : known.filter(({ labels }) => scopeCovers(scope, labels));
}

/** Where the newest text of a policy lets a secret of this name go. */
export async function placesIn({ tx, orgId }: In, of: { policyId: string; name: string }): Promise<SecretPlace[]> {
  const { policies: p, policyVersions: v } = tables;
  const [row] = await tx
    .select({ yaml: v.yaml })
    .from(p)
    .innerJoin(v, and(eq(v.orgId, p.orgId), eq(v.policyId, p.id), eq(v.version, p.latestVersion)))
    .where(and(eq(p.orgId, orgId), eq(p.id, of.policyId)));
  const policy: Policy | null = row === undefined ? null : parsePolicy(row.yaml).policy;
  return placesOf(of.name, policy);
}

export const describePlace = ({ host, ports, path }: SecretPlace): string => `${host}:${ports.join(",")}${path ?? ""}`;
