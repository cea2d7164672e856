import { and, eq, notify, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { checkRequest } from "../certificates/csr.ts";
import { issueNodeCertificate } from "../certificates/nodeCa.ts";
import { forbidden } from "../errors/errors.ts";
import { iso } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { ownNode } from "./self.ts";

export const renewInput = z.strictObject({ csrPem: z.string().max(8192) });

/** A node keeps the key it enrolled with: another key on its channel is another machine. */
export const renew = defineVerb({
  name: "node.renew",
  kind: "mutation",
  gate: { by: "node" },
  input: renewInput,
  run: async (ctx, input): Promise<{ certificatePem: string; expiresAt: string }> => {
    const { orgId, nodeId } = ctx.actor;
    const request = await checkRequest(input.csrPem);
    const t = tables.nodes;
    return await withOrg(ctx.db, orgId, async (tx) => {
      const before = await ownNode(tx, ctx.actor);
      if (before.publicKeyHash !== request.publicKeyHash) throw forbidden();
      const issued = await issueNodeCertificate(tx, ctx, { orgId, nodeId, publicKey: request.publicKey });
      const after = { ...before, certificateExpiresAt: issued.expiresAt };
      await tx
        .update(t)
        .set({ certificateExpiresAt: issued.expiresAt })
        .where(and(eq(t.orgId, orgId), eq(t.id, nodeId)));
      await recordAudit(tx, ctx, orgId, {
        action: "node.renew",
        resource: { kind: "node", id: nodeId, label: before.name },
        changes: changesOf("nodes", before, after),
      });
      await notify(tx, { orgId, topic: "nodes", id: nodeId });
      return { certificatePem: issued.certificatePem, expiresAt: iso(issued.expiresAt) };
    });
  },
});
