import { randomInt } from "node:crypto";
import { newId, type Tx, tables, withOrg, withSystemFor } from "@creel/db";
import { z } from "zod";
import { ensureFirstPolicy } from "../approvalPolicy/first.ts";
import { recordAudit } from "../audit/record.ts";
import { expectStillOpen } from "../auth/lockSignIns.ts";
import { ownsOrg } from "../authz/grant.ts";
import { grantsOf } from "../authz/grantsOf.ts";
import { lockPeople } from "../authz/people.ts";
import type { Ctx, UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { visibleNameSchema } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import { makeFirstOwner } from "./firstOwner.ts";
import { expectRoomForOrg, foundingRefusal } from "./founding.ts";
import { NAME_CHARS_MAX } from "./limits.ts";

export const createInput = z.strictObject({ name: visibleNameSchema(NAME_CHARS_MAX) });

/**
 * A further org of this installation, founded by somebody who owns one. The founder owns it; nothing of the one they were in goes
 * along. By session alone: a token belongs to one org and speaks for it.
 *
 * Threat: whoever holds one org, or its identity provider, or a sign-in that was ended, fills the installation with orgs, learns what
 * others are called, or reaches into them. Invariant: the founder owns an org under the lock of its people, by factors of their own;
 * orgs are counted under one lock; the short name is never taken from a name alone, so that no answer tells whether one is taken.
 */
export const create = defineVerb({
  name: "org.create",
  kind: "mutation",
  gate: { by: "self" },
  input: createInput,
  run: async (ctx, { name }): Promise<{ id: string; slug: string; name: string }> => {
    const { actor } = ctx;
    const now = ctx.clock();
    const refusal = foundingRefusal(ctx);
    if (refusal !== null) throw new CreelError("forbidden", refusal);
    const org = { id: newId(now), slug: slugOf(name), name };
    // Announced where the founder is before it can be entered: a start that dies half way leaves an org that nobody belongs to.
    await withSystemFor(ctx.db, actor, async (system) => {
      await expectStillOpen(system, actor, now);
      const { rootOrgId } = await expectRoomForOrg(system, { userId: actor.userId, orgId: actor.orgId, now });
      await system.insert(tables.orgs).values({ ...org, rootOrgId, createdAt: now });
      await withOrg(ctx.db, actor.orgId, async (tx) => {
        await expectOwns(tx, actor, now);
        await recordCreation(tx, ctx, actor.orgId, org);
      });
    });
    await withOrg(ctx.db, org.id, async (tx) => {
      await makeFirstOwner(tx, { orgId: org.id, userId: actor.userId, by: actor.email, now });
      await ensureFirstPolicy(tx, { orgId: org.id, now });
      await recordCreation(tx, ctx, org.id, org);
    });
    return org;
  },
});

async function expectOwns(tx: Tx, { orgId, userId }: UserActor, now: Date): Promise<void> {
  await lockPeople(tx, orgId);
  const held = await grantsOf(tx, { orgId, userId, now });
  if (ownsOrg(held)) return;
  throw new CreelError("forbidden", "You do not own this organization any more.");
}

const recordCreation = (tx: Tx, ctx: Ctx<UserActor>, orgId: string, org: { id: string; slug: string; name: string }) =>
  recordAudit(tx, ctx, orgId, {
    action: "org.create",
    resource: { kind: "org", id: org.id, label: org.slug },
    changes: { name: { to: org.name }, owner: { to: ctx.actor.email } },
  });

const SLUG_STEM_CHARS_MAX = 48;
const ENDING_LETTERS = "bcdfghjkmnpqrstvwxz23456789";
/** 27^6 endings: two orgs of one name meet by chance once in hundreds of millions, and then the table refuses the later one. */
const ENDING_CHARS = 6;

/** The name as far as it can stand in a file name, and an ending that nobody chose. */
function slugOf(name: string): string {
  const stem = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, SLUG_STEM_CHARS_MAX)
    .replace(/-+$/, "");
  const ending = Array.from({ length: ENDING_CHARS }, () => ENDING_LETTERS[randomInt(ENDING_LETTERS.length)]).join("");
  return `${stem === "" ? "org" : stem}-${ending}`;
}
