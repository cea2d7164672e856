import { afterAll, beforeAll, expect, test } from "vitest";
import { auth, grant, invitation, member, type Permission, role, serviceAccount, sso, token } from "../src/index.ts";
import { applied } from "./support/applied.ts";
import { type Fleet, makeOrg, openFleet, PASSWORD, type TestOrg } from "./support/fleet.ts";
import { actorOf, join } from "./support/members.ts";

let fleet: Fleet;
let acme: TestOrg;
let count = 0;
const unique = (name: string): string => `${name}-${++count}`;
beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
});
afterAll(async () => await fleet?.close());

const owner = () => fleet.ctx(acme.as("owner"));
const newAddress = () => `${unique("mallory")}@acme.example`;
const makeRole = async (permissions: Permission[]): Promise<string> =>
  (await role.create({ ctx: owner(), input: { name: unique("role"), permissions } })).id;

/** Somebody who may change roles, and holds nothing else. */
async function roleKeeper() {
  const eve = await join(fleet, acme, { name: unique("eve"), role: "viewer" });
  const keeper = await makeRole(["role:update"]);
  await grant.give({ ctx: owner(), input: { userId: eve.userId, role: keeper } });
  return { ...eve, ctx: fleet.ctx(await actorOf(fleet, eve.token)) };
}

/** A service account with a role, and its key as the caller. */
async function robot(roleKey: string) {
  const { id } = await serviceAccount.create({ ctx: owner(), input: { name: unique("robot") } });
  const given = applied(await grant.give({ ctx: owner(), input: { serviceAccountId: id, role: roleKey } }));
  const key = await token.create({ ctx: owner(), input: { name: unique("key"), role: "owner", serviceAccountId: id } });
  const actor = await auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: key.token } });
  return { id, grantId: given.id, ctx: fleet.ctx(actor) };
}

const accept = async (link: string) =>
  await invitation.accept({ ctx: fleet.ctx(null), input: { token: link, password: PASSWORD } });
const open = async (): Promise<string[]> =>
  (await invitation.list({ ctx: owner(), input: {} })).items
    .filter(({ state }) => state === "open")
    .map(({ id }) => id);

test("a role that stands in an open invitation does not grow by what its changer lacks", async () => {
  const eve = await roleKeeper();
  const roleId = await makeRole(["node:read"]);
  const more = { ctx: eve.ctx, input: { roleId, permissions: ["node:read", "token:create"] as Permission[] } };
  const sent = await invitation.create({ ctx: owner(), input: { email: newAddress(), role: roleId } });
  await expect(role.update(more)).rejects.toMatchObject({ code: "forbidden" });
  await invitation.revoke({ ctx: owner(), input: { invitationId: sent.id } });
  await expect(role.update(more)).resolves.toEqual({ sessionsEnded: 0 });
});

test.each(["default", "mapped"])(
  "a role that the provider gives newcomers (%s) does not grow so either",
  async (as) => {
    const eve = await roleKeeper();
    const roleId = await makeRole(["node:read"]);
    const shared = {
      name: "ID",
      issuer: "http://127.0.0.1:1",
      clientId: "creel",
      clientSecret: "x",
      roleClaim: "groups",
    };
    const offer = as === "default" ? { defaultRole: roleId } : { roleMapping: [{ value: "fleet", role: roleId }] };
    const proved = { ...acme.as("owner"), provedAt: fleet.clock.now };
    await sso.save({ ctx: fleet.ctx(proved), input: { ...shared, ...offer } });
    const more = { ctx: eve.ctx, input: { roleId, permissions: ["node:read", "token:create"] as Permission[] } };
    await expect(role.update(more)).rejects.toMatchObject({ code: "forbidden" });
  },
);

test("what a service account sent gives nothing any more once it lost that, or the role outgrew it", async () => {
  const sender = await makeRole(["invitation:create", "node:read"]);
  const given = await makeRole(["node:read"]);
  const good = await robot(sender);
  const invite = async (ctx: typeof good.ctx) =>
    (await invitation.create({ ctx, input: { email: newAddress(), role: given } })).token;
  const [held, lost, outgrown] = [await invite(good.ctx), await invite(good.ctx), await invite(good.ctx)];
  await expect(accept(held)).resolves.toMatchObject({ org: { id: acme.orgId } });
  await role.update({ ctx: owner(), input: { roleId: given, permissions: ["node:read", "token:create"] } });
  await expect(accept(outgrown)).rejects.toMatchObject({ code: "not_found" });
  await role.update({ ctx: owner(), input: { roleId: given, permissions: ["node:read"] } });
  await grant.end({ ctx: owner(), input: { grantId: good.grantId } });
  await expect(accept(lost)).rejects.toMatchObject({ code: "not_found" });
});

test("disabling a service account and removing a member revoke what they sent, and nothing else", async () => {
  const sender = await makeRole(["invitation:create", "node:read"]);
  const given = await makeRole(["node:read"]);
  const send = async (ctx: ReturnType<typeof owner>) =>
    (await invitation.create({ ctx, input: { email: newAddress(), role: given } })).id;
  const [first, second] = [await robot(sender), await robot(sender)];
  const ada = await join(fleet, acme, { name: unique("ada"), role: "security_admin" });
  await grant.give({ ctx: owner(), input: { userId: ada.userId, role: sender } });
  const adas = fleet.ctx(await actorOf(fleet, ada.token));
  const [byFirst, bySecond, byAda, byOwner] = [
    await send(first.ctx),
    await send(second.ctx),
    await send(adas),
    await send(owner()),
  ];
  await serviceAccount.disable({ ctx: owner(), input: { serviceAccountId: first.id } });
  expect(await open()).toEqual(expect.arrayContaining([bySecond, byAda, byOwner]));
  expect(await open()).not.toContain(byFirst);
  await member.remove({ ctx: owner(), input: { userId: ada.userId } });
  expect(await open()).toEqual(expect.arrayContaining([bySecond, byOwner]));
  expect(await open()).not.toContain(byAda);
});
