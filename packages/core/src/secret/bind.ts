import { and, eq, isNull, type Tx, tables } from "@creel/db";
import { z } from "zod";
import { authorizeOn } from "../authz/authorize.ts";
import { scopeSchema } from "../authz/fields.ts";
import { type Labels, labelsOnNode } from "../authz/grant.ts";
import { submitChange } from "../change/submit.ts";
import type { Outcome } from "../changeViews.ts";
import type { ApiKeyActor, UserActor } from "../context.ts";
import { notFound } from "../errors/errors.ts";
import { MESSAGE_CHARS_MAX } from "../limits.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { bindingSchema } from "./binding.ts";
import { secretBindingChange } from "./bindingChange.ts";

export const bindInput = z
  .strictObject({
    secretId: z.uuid(),
    sandboxId: z.uuid().optional(),
    scope: scopeSchema.optional(),
    message: z.string().max(MESSAGE_CHARS_MAX).default(""),
  })
  .refine(({ sandboxId, scope }) => (sandboxId === undefined) !== (scope === undefined), {
    message: "name one sandbox, or labels that sandboxes have",
  });

/** Lets a sandbox, or those with these labels, use a secret, or proposes it. Where it may go, their policies say under `credentials:`. */
export const bind = defineVerb({
  name: "secret.bind",
  kind: "mutation",
  gate: { by: "person", action: "operate", on: "secret" },
  proof: true,
  input: bindInput,
  run: async (
    ctx,
    { secretId, sandboxId = null, scope = null, message },
  ): Promise<Outcome<{ bindingId: string; planIds: string[] }>> => {
    const submitted = await submitChange(ctx, secretBindingChange, {
      content: bindingSchema.parse({ secretId, sandboxId, scope }),
      message,
      admit: async ({ tx }, actor) => (sandboxId === null ? undefined : await expectVisible(tx, actor, sandboxId)),
    });
    if (submitted.outcome === "proposed") return submitted;
    const { changeId, result, planIds } = submitted;
    return { outcome: "applied", changeId, ...result, planIds };
  },
});

/** Whoever binds must be allowed to see the sandbox; to others it is not there. */
async function expectVisible(tx: Tx, actor: UserActor | ApiKeyActor, sandboxId: string): Promise<void> {
  const { sandboxes: s, nodes: n } = tables;
  const row = first(
    await tx
      .select({ own: s.labels, node: n.labels })
      .from(s)
      .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
      .where(and(eq(s.orgId, actor.orgId), eq(s.id, sandboxId), isNull(s.removedAt))),
  );
  if (row === null) throw notFound();
  const labels = labelsOnNode(stored<Labels>(row.own), stored<Labels>(row.node));
  authorizeOn(actor, { action: "read", kind: "sandbox", labels });
}
