/**
 * Threat: one person gives a sandbox that they steer a credential of the org.
 * Invariant: a binding comes about by a change and in no other way; it is judged by the labels that it could ever cover, and written
 * only while its author may still bind secrets.
 */
import { and, eq, isNull, newId, notify, sql, type Tx, tables } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { describeScope, mayAtAll, type Scope } from "../authz/grant.ts";
import { grantsOfAuthor } from "../change/author.ts";
import { type AppliedChange, type ApprovedChange, defineChangeKind, type In, type TakenBack } from "../change/kinds.ts";
import { touchesOfScope } from "../change/scopeTouches.ts";
import type { Ctx } from "../context.ts";
import { CreelError, forbidden } from "../errors/errors.ts";
import { storedOrNull } from "../stored.ts";
import {
  type Binding,
  bindingSchema,
  describePlace,
  fittingSandboxes,
  nameOfSecret,
  nodesOfBinding,
  placesIn,
  sameScope,
} from "./binding.ts";
import { expectFew } from "./bound.ts";
import { endBinding } from "./endBinding.ts";
import { BINDINGS_MAX } from "./limits.ts";
import { lockSecret } from "./row.ts";

const RIGHT = { action: "operate", on: "secret" } as const;
/** Policies whose places are named one by one; whoever decides reads no more. */
const POLICIES_SHOWN_MAX = 10;

export const secretBindingChange = defineChangeKind({
  kind: "secret_binding",
  contentSchema: bindingSchema,
  propose: RIGHT,
  direct: RIGHT,
  admitEditor: async (_at, actor) => {
    if (!mayAtAll(actor.grants, RIGHT.action, RIGHT.on)) throw forbidden();
  },
  subject: ({ secretId }) => `secret:${secretId}`,
  base: async (at, content) => ({
    name: await nameOfSecret(at, content.secretId),
    bound: await isBound(at, content),
    places: content.sandboxId === null ? null : (await placesBy(at, content)).map(describePlace).sort(),
  }),
  labels: async (at, content) => [
    ...(await fittingSandboxes(at, content)).map(({ labels }) => labels),
    ...(content.scope === null ? [] : await touchesOfScope(at, content.scope)),
  ],
  // By labels it is also for sandboxes that nobody has made yet.
  risk: async (_at, { sandboxId }) => (sandboxId === null ? "high" : "medium"),
  summary: async (at, content) =>
    `The secret ${await nameOfSecret(at, content.secretId)} for ${await whom(at, content)}`,
  says,
  apply,
  takeBack,
  nodes: nodesOfBinding,
  planCause: "secret.bind",
});

async function whom(at: In, content: Binding): Promise<string> {
  if (content.scope !== null) return `sandboxes with ${describeScope(content.scope)}`;
  return `the sandbox ${(await fittingSandboxes(at, content))[0]?.name ?? ""}`;
}

/** Where the policies of those that fit now let it go, of each policy once. */
async function placesBy(at: In, content: Binding) {
  const name = await nameOfSecret(at, content.secretId);
  const policyIds = [...new Set((await fittingSandboxes(at, content)).map(({ policyId }) => policyId))].sort();
  const places = [];
  for (const policyId of policyIds.slice(0, POLICIES_SHOWN_MAX))
    places.push(...(await placesIn(at, { policyId, name })));
  return [...new Map(places.map((place) => [describePlace(place), place])).values()];
}

async function says(at: In, content: Binding): Promise<string[]> {
  const name = await nameOfSecret(at, content.secretId);
  const count = (await fittingSandboxes(at, content)).length;
  const places = (await placesBy(at, content)).map(describePlace);
  return [
    content.scope === null
      ? `The sandbox may use ${name} from its next start on.`
      : `Every sandbox with ${describeScope(content.scope)} may use ${name}: ${count} now, and any that gets these labels later.`,
    places.length === 0
      ? "No policy of theirs lets it go anywhere yet."
      : `Their policies let it go to ${places.join(", ")}.`,
  ];
}

async function isBound({ tx, orgId }: In, { secretId, sandboxId, scope }: Binding): Promise<boolean> {
  const b = tables.secretBindings;
  const rows = await tx
    .select({ sandboxId: b.sandboxId, scope: b.scope })
    .from(b)
    .where(and(eq(b.orgId, orgId), eq(b.secretId, secretId), isNull(b.endedAt)));
  return rows.some((row) => row.sandboxId === sandboxId && sameScope(storedOrNull<Scope>(row.scope), scope));
}

async function apply(
  tx: Tx,
  ctx: Ctx,
  content: Binding,
  change: ApprovedChange & { orgId: string },
): Promise<{ bindingId: string }> {
  const { orgId, id: changeId, authorUserId, author } = change;
  const now = ctx.clock();
  const secret = await lockSecret(tx, { orgId, secretId: content.secretId });
  if (!mayAtAll(await grantsOfAuthor(tx, { orgId, changeId, authorUserId, now }), RIGHT.action, RIGHT.on))
    throw new CreelError("conflict", "Whoever proposed it may not bind secrets any more.");
  const row = { orgId, id: newId(now), ...content, createdBy: author, createdAt: now };
  const label = await whom({ tx, orgId, now }, content);
  await expectRoom(tx, orgId);
  await tx.insert(tables.secretBindings).values(row);
  await expectFew(tx, { orgId, secretId: secret.id });
  await recordAudit(tx, ctx, orgId, {
    action: "secret.bind",
    resource: { kind: "secret", id: secret.id, label: `${secret.name} for ${label}` },
    changes: changesOf("secretBindings", null, row),
  });
  await notify(tx, { orgId, topic: "secrets", id: secret.id });
  return { bindingId: row.id };
}

const boundSchema = z.object({ bindingId: z.uuid() });

/** Ends the binding; its nodes hear of it as they heard of its beginning. */
async function takeBack(tx: Tx, ctx: Ctx, { orgId, content, result }: AppliedChange<Binding>): Promise<TakenBack> {
  const secret = await lockSecret(tx, { orgId, secretId: content.secretId });
  const { bindingId } = boundSchema.parse(result);
  const ended = await endBinding(tx, ctx, { secret, bindingId });
  return ended ? { how: "taken_back" } : { how: "left", note: "The binding has ended already." };
}

async function expectRoom(tx: Tx, orgId: string): Promise<void> {
  const b = tables.secretBindings;
  const [row] = await tx
    .select({ live: sql<number>`count(*)::int` })
    .from(b)
    .where(and(eq(b.orgId, orgId), isNull(b.endedAt)));
  if ((row?.live ?? 0) >= BINDINGS_MAX)
    throw new CreelError(
      "conflict",
      `There are ${BINDINGS_MAX} bindings already. Bind by labels instead of one by one.`,
    );
}
