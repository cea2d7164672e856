import { and, eq, gt, isNull, newId, notify, type Tx, tables, withOrg, withSystem } from "@creel/db";
import { enrollRequestSchema } from "@creel/protocol";
import { changesOf, recordAudit } from "../audit/record.ts";
import type { Labels } from "../authz/grant.ts";
import { checkRequest } from "../certificates/csr.ts";
import { issueNodeCertificate } from "../certificates/nodeCa.ts";
import type { Ctx } from "../context.ts";
import { violatesUnique } from "../errors/database.ts";
import { CreelError } from "../errors/errors.ts";
import { hashToken } from "../secrets/tokens.ts";
import { first, iso, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const enrollInput = enrollRequestSchema;

export interface Enrolled {
  nodeId: string;
  nodeName: string;
  orgId: string;
  orgSlug: string;
  certificatePem: string;
  expiresAt: string;
}

/** One text for a secret that never was, one that was used and one that is too old. */
const refused = (): CreelError =>
  new CreelError(
    "unauthenticated",
    "This join secret is not valid any more. Make a new one under Nodes, or with `creel node invite`.",
  );

/** Threat: a join secret seen by two. Invariant: exactly one key ever gets a certificate for it. */
export const enroll = defineVerb({
  name: "node.enroll",
  kind: "mutation",
  gate: { by: "system" },
  input: enrollInput,
  run: async (ctx, input): Promise<Enrolled> => {
    const request = await checkRequest(input.csrPem);
    const secret = await findSecret(ctx, input.secret);
    if (secret === null) throw refused();
    const { orgId } = secret;
    const now = ctx.clock();
    const node = {
      orgId,
      id: newId(now),
      name: input.name,
      state: "active",
      capabilities: input.capabilities,
      publicKeyHash: request.publicKeyHash,
      enrolledAt: now,
    };
    try {
      return await withOrg(ctx.db, orgId, async (tx) => {
        const consumed = await consume(tx, secret, now);
        const { nodeName } = consumed;
        if (nodeName !== null && nodeName !== node.name)
          throw new CreelError(
            "conflict",
            `This join secret is for a node called ${nodeName}; use --name ${nodeName}.`,
          );
        await tx.insert(tables.nodes).values({ ...node, labels: consumed.labels });
        await tx
          .update(tables.enrollSecrets)
          .set({ nodeId: node.id })
          .where(and(eq(tables.enrollSecrets.orgId, orgId), eq(tables.enrollSecrets.id, secret.id)));
        const issued = await issueNodeCertificate(tx, ctx, { orgId, nodeId: node.id, publicKey: request.publicKey });
        await tx
          .update(tables.nodes)
          .set({ certificateExpiresAt: issued.expiresAt })
          .where(and(eq(tables.nodes.orgId, orgId), eq(tables.nodes.id, node.id)));
        const org = first(await tx.select().from(tables.orgs).where(eq(tables.orgs.id, orgId)));
        if (org === null) throw refused();
        await recordAudit(tx, { ...ctx, actor: { kind: "node", orgId, nodeId: node.id } }, orgId, {
          action: "node.enroll",
          resource: { kind: "node", id: node.id, label: node.name },
          changes: changesOf("nodes", null, {
            ...node,
            labels: consumed.labels,
            certificateExpiresAt: issued.expiresAt,
          }),
        });
        await notify(tx, { orgId, topic: "nodes", id: node.id });
        return {
          nodeId: node.id,
          nodeName: node.name,
          orgId,
          orgSlug: org.slug,
          certificatePem: issued.certificatePem,
          expiresAt: iso(issued.expiresAt),
        };
      });
    } catch (error) {
      // The transaction is gone, and with it the use of the secret: the node may try again under another name.
      if (violatesUnique(error, "nodes_name"))
        throw new CreelError("conflict", `A node called ${node.name} exists already. Use --name with another one.`);
      throw error;
    }
  },
});

interface FoundSecret {
  orgId: string;
  id: string;
}

async function findSecret(ctx: Ctx, secret: string): Promise<FoundSecret | null> {
  const t = tables.enrollSecrets;
  return await withSystem(ctx.db, async (tx) =>
    first(
      await tx
        .select({ orgId: t.orgId, id: t.id })
        .from(t)
        .where(eq(t.secretHash, hashToken(secret))),
    ),
  );
}

/** Compare-and-set: of all who hold the secret, one changes `used_at` from null; the rest wait for it and find it set. */
async function consume(tx: Tx, secret: FoundSecret, now: Date): Promise<{ nodeName: string | null; labels: Labels }> {
  const t = tables.enrollSecrets;
  const row = first(
    await tx
      .update(t)
      .set({ usedAt: now })
      .where(and(eq(t.orgId, secret.orgId), eq(t.id, secret.id), isNull(t.usedAt), gt(t.expiresAt, now)))
      .returning({ nodeName: t.nodeName, labels: t.labels }),
  );
  if (row === null) throw refused();
  return { nodeName: row.nodeName, labels: stored<Labels>(row.labels) };
}
