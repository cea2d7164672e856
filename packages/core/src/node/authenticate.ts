import { and, eq, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { readClaim, signedByAny } from "../certificates/judge.ts";
import { nodeCaCertificates } from "../certificates/nodeCa.ts";
import type { NodeActor } from "../context.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const authenticateInput = z.strictObject({ certificatePem: z.string().max(16_384) });

/**
 * Who a client certificate is, or null. The caller has proof that the peer holds its key (TLS). The org the certificate
 * names decides which authority must have signed it, so naming another org only finds an authority that did not.
 */
export const authenticate = defineVerb({
  name: "node.authenticate",
  kind: "query",
  gate: { by: "system" },
  input: authenticateInput,
  run: async (ctx, input): Promise<NodeActor | null> => {
    const claim = readClaim(input.certificatePem);
    if (claim === null) return null;
    const { orgId, nodeId } = claim;
    const t = tables.nodes;
    const known = await withOrg(ctx.db, orgId, async (tx) => ({
      authorities: await nodeCaCertificates(tx, orgId),
      node: first(
        await tx
          .select({ publicKeyHash: t.publicKeyHash, name: t.name })
          .from(t)
          .where(and(eq(t.orgId, orgId), eq(t.id, nodeId), eq(t.state, "active"))),
      ),
    }));
    if (!(await signedByAny(claim.certificate, known.authorities, ctx.clock()))) return null;
    if (known.node?.publicKeyHash !== claim.publicKeyHash) return null;
    return { kind: "node", orgId, nodeId, name: known.node.name };
  },
});
