import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { audit, auth, grantOfRole, makeApiToken, member, org, type UserActor } from "../src/index.ts";
import { type Fleet, openFleet, PASSWORD, system } from "./support/fleet.ts";
import { join } from "./support/members.ts";

let fleet: Fleet;
beforeAll(async () => {
  fleet = await openFleet();
});
afterAll(async () => await fleet?.close());

describe("founding an org again", () => {
  const NEXT = "another horse, another staple";
  const found = async (slug: string) => {
    const input = {
      slug,
      name: slug,
      ownerEmail: `f@${slug}.example`,
      ownerPassword: PASSWORD,
      apiToken: makeApiToken(),
    };
    const again = () => org.bootstrap({ ctx: fleet.ctx(system), input });
    const { orgId, userId } = await again();
    const grants = [grantOfRole("owner")];
    const founder: UserActor = { kind: "user", userId, orgId, grants, email: input.ownerEmail };
    const signIn = (password: string) =>
      auth.signIn({ ctx: fleet.ctx(null), input: { email: input.ownerEmail, password } });
    const of = { orgId, userId, policyId: "", email: input.ownerEmail, as: () => founder };
    return { of, userId, founder, again, signIn, apiToken: input.apiToken };
  };

  test("does not put back a password that was changed", async () => {
    const { founder, again, signIn } = await found("leaked");
    expect(await again()).toMatchObject({ passwordHolds: true, owns: true, tokenHolds: true });
    await auth.changePassword({ ctx: fleet.ctx(founder), input: { current: PASSWORD, next: NEXT } });
    expect(await again()).toMatchObject({ passwordHolds: false, owns: true, tokenHolds: true });
    await expect(signIn(PASSWORD)).rejects.toMatchObject({ code: "unauthenticated" });
    expect((await signIn(NEXT)).token).toBeTypeOf("string");
  });

  test("does not bring back an owner who was removed, nor their key", async () => {
    const { of, userId, again, apiToken } = await found("removed");
    const heir = await join(fleet, of, { name: "heir", role: "owner" });
    await member.remove({ ctx: fleet.ctx(heir.actor), input: { userId } });
    expect(await again()).toMatchObject({ created: false, owns: false, tokenHolds: false });
    const { items } = await member.list({ ctx: fleet.ctx(heir.actor), input: {} });
    expect(items.map((one) => one.userId)).toEqual([heir.userId]);
    expect(await auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: apiToken } })).toBeNull();
  });

  test("a lost password is made anew for who owns the org, ends their sign-ins, and is on record", async () => {
    const { founder, signIn } = await found("lost");
    const { token } = await signIn(PASSWORD);
    const reset = { slug: "lost", email: "F@lost.example", password: NEXT };
    expect(await org.resetOwner({ ctx: fleet.ctx(system), input: reset })).toEqual({ sessionsEnded: 1 });
    expect(await auth.resolveSession({ ctx: fleet.ctx(null), input: { token } })).toBeNull();
    await expect(signIn(PASSWORD)).rejects.toMatchObject({ code: "unauthenticated" });
    expect((await signIn(NEXT)).token).toBeTypeOf("string");
    const { items } = await audit.list({ ctx: fleet.ctx(founder), input: { action: "org.resetOwner" } });
    expect(items.map((item) => item.actor.kind)).toEqual(["system"]);
    expect(JSON.stringify(items)).not.toContain(NEXT);
  });

  test("nobody who was removed, who owns nothing or another org gets a password by it", async () => {
    const { of, userId } = await found("gone");
    await found("other");
    const heir = await join(fleet, of, { name: "heir", role: "owner" });
    const viewer = await join(fleet, of, { name: "viewer", role: "viewer" });
    await member.remove({ ctx: fleet.ctx(heir.actor), input: { userId } });
    for (const [slug, email] of [
      ["gone", "f@gone.example"],
      ["gone", viewer.email],
      ["gone", "f@other.example"],
      ["nowhere", "f@other.example"],
    ]) {
      const input = { slug: slug ?? "", email: email ?? "", password: NEXT };
      await expect(org.resetOwner({ ctx: fleet.ctx(system), input })).rejects.toMatchObject({ code: "conflict" });
    }
  });
});
