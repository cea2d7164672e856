import { createHash } from "node:crypto";
import { and, asc, eq, isNull, type Tx, tables } from "@creel/db";
import { CREDENTIALS_MAX, type DesiredCredential } from "@creel/protocol";
import { type Labels, labelsOnNode, type Scope, scopeCovers } from "../authz/grant.ts";
import { CreelError } from "../errors/errors.ts";
import { stored, storedOrNull } from "../stored.ts";

/**
 * Which sandbox may use which secret, at this moment. Threat: a sandbox gets a secret because it named a label itself. Invariant: a
 * binding holds for the one sandbox it names, or for those whose labels all fit, where a node's labels win over the sandbox's own.
 */

export interface BoundSecret {
  secretId: string;
  name: string;
  version: number;
}
export interface BoundSandbox {
  id: string;
  name: string;
  nodeId: string;
  secrets: BoundSecret[];
}

interface Where {
  orgId: string;
  nodeId?: string | undefined;
  secretId?: string | undefined;
}

/** Sandboxes with the secrets they may use, by name; those that may use none are left out. */
export async function boundSandboxes(tx: Tx, { orgId, nodeId, secretId }: Where): Promise<BoundSandbox[]> {
  const { secrets: x, secretBindings: b, sandboxes: s, nodes: n } = tables;
  const bindings = await tx
    .select({ secretId: x.id, name: x.name, version: x.latestVersion, sandboxId: b.sandboxId, scope: b.scope })
    .from(b)
    .innerJoin(x, and(eq(x.orgId, b.orgId), eq(x.id, b.secretId)))
    .where(
      and(
        eq(b.orgId, orgId),
        isNull(b.endedAt),
        isNull(x.removedAt),
        secretId === undefined ? undefined : eq(x.id, secretId),
      ),
    )
    .orderBy(asc(x.name));
  if (bindings.length === 0) return [];
  const rows = await tx
    .select({ id: s.id, name: s.name, nodeId: s.nodeId, own: s.labels, node: n.labels })
    .from(s)
    .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
    .where(
      and(
        eq(s.orgId, orgId),
        isNull(s.removedAt),
        isNull(n.revokedAt),
        nodeId === undefined ? undefined : eq(s.nodeId, nodeId),
      ),
    )
    .orderBy(asc(s.name));
  return rows.flatMap(({ id, name, nodeId: on, own, node }) => {
    const labels = labelsOnNode(stored<Labels>(own), stored<Labels>(node));
    const fits = bindings.filter((each) =>
      each.sandboxId === null ? inScopeOf(each.scope, labels) : each.sandboxId === id,
    );
    const secrets = new Map(
      fits.map((each) => [each.secretId, { secretId: each.secretId, name: each.name, version: each.version }]),
    );
    return secrets.size === 0 ? [] : [{ id, name, nodeId: on, secrets: [...secrets.values()] }];
  });
}

/** A scope without a label would be every sandbox there is; no binding says that. */
function inScopeOf(scope: unknown, labels: Labels): boolean {
  const known = storedOrNull<Scope>(scope);
  return known !== null && Object.keys(known).length > 0 && scopeCovers(known, labels);
}

/** What a plan says of them: names and placeholders, and no value. */
export async function credentialsOfNode(
  tx: Tx,
  where: { orgId: string; nodeId: string },
): Promise<ReadonlyMap<string, DesiredCredential[]>> {
  const bound = await boundSandboxes(tx, where);
  return new Map(bound.map((sandbox) => [sandbox.id, credentialsOf(sandbox)]));
}

/**
 * What is too much is left out, and not a reason for no plan at all: a label given to a sandbox must not keep a kill from its node.
 * Who binds is told (`expectFew`).
 */
function credentialsOf({ id, secrets }: BoundSandbox): DesiredCredential[] {
  return secrets.slice(0, CREDENTIALS_MAX).map((secret) => ({
    name: secret.name,
    placeholder: placeholderOf(id, secret),
    secretId: secret.secretId,
    version: secret.version,
  }));
}

const PLACEHOLDER_HASH_CHARS = 32;
/** The same over plans and restarts, because an agent keeps what it found in its environment; another one in each sandbox. */
export const placeholderOf = (sandboxId: string, secret: Pick<BoundSecret, "secretId" | "name">): string => {
  const hash = createHash("sha256").update(`creel placeholder/${sandboxId}/${secret.secretId}`).digest("hex");
  return `creel-placeholder-${secret.name}-${hash.slice(0, PLACEHOLDER_HASH_CHARS)}`;
};

/** Refuses a binding by which a sandbox would have more secrets than a plan can name. */
export async function expectFew(tx: Tx, where: { orgId: string; secretId: string }): Promise<void> {
  const ids = new Set((await boundSandboxes(tx, where)).map(({ id }) => id));
  const all = await boundSandboxes(tx, { orgId: where.orgId });
  const full = all.find(({ id, secrets }) => ids.has(id) && secrets.length > CREDENTIALS_MAX);
  if (full !== undefined)
    throw new CreelError(
      "conflict",
      `The sandbox ${full.name} would have ${full.secrets.length} secrets, and may have ${CREDENTIALS_MAX}. Bind by narrower labels.`,
    );
}

/** Nodes that have to hear of a change to this secret. */
export const nodesOfSecret = async (tx: Tx, where: { orgId: string; secretId: string }): Promise<string[]> => [
  ...new Set((await boundSandboxes(tx, where)).map(({ nodeId }) => nodeId)),
];
