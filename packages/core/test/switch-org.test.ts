import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { auth, invitation, type UserActor } from "../src/index.ts";
import { codeOf } from "./support/authenticator.ts";
import { type Fleet, makeOrg, openFleet, PASSWORD, type TestOrg } from "./support/fleet.ts";
import { actorOf } from "./support/members.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** As often as the two have met in every order on a busy machine. */
const ROUNDS = 12;

let fleet: Fleet;
let acme: TestOrg;
let globex: TestOrg;
let number = 0;
beforeAll(async () => {
  fleet = await openFleet();
});
afterAll(async () => await fleet?.close());
/** A person of two orgs, of their own for each test. */
beforeEach(async () => {
  number += 1;
  acme = await makeOrg(fleet, `acme${number}`);
  globex = await makeOrg(fleet, `globex${number}`);
  const ctx = fleet.ctx(globex.as("owner"));
  const { token } = await invitation.create({ ctx, input: { email: acme.email, role: "viewer" } });
  await invitation.accept({ ctx: fleet.ctx(null), input: { token, password: PASSWORD } });
});

const signIn = async (): Promise<UserActor> => {
  const { token } = await auth.signIn({ ctx: fleet.ctx(null), input: { email: acme.email, password: PASSWORD } });
  return await actorOf(fleet, token);
};
const other = (actor: UserActor) => (actor.orgId === acme.orgId ? globex.orgId : acme.orgId);
const change = (actor: UserActor) => auth.switchOrg({ ctx: fleet.ctx(actor), input: { orgId: other(actor) } });
const isOpen = async (token: string) =>
  (await auth.resolveSession({ ctx: fleet.ctx(null), input: { token } })) !== null;

test("a sign-in is not made anew in its own org", async () => {
  const actor = await signIn();
  const again = auth.switchOrg({ ctx: fleet.ctx(actor), input: { orgId: actor.orgId } });
  await expect(again).rejects.toMatchObject({ code: "conflict" });
});

test("a switch, also there and back, lives no longer than the sign-in and keeps its proof", async () => {
  const actor = await signIn();
  fleet.clock.now = new Date(fleet.clock.now.getTime() + 13 * DAY_MS);
  const there = await change(actor);
  const back = await change(await actorOf(fleet, there.token));
  const proved = (await actorOf(fleet, back.token)).provedAt;
  expect(proved).toEqual(actor.provedAt);
  fleet.clock.now = new Date(fleet.clock.now.getTime() + DAY_MS);
  expect([await isOpen(there.token), await isOpen(back.token)]).toEqual([false, false]);
  await expect(change(actor)).rejects.toMatchObject({ code: "unauthenticated" });
});

test("a sign-in that ended since the request was let in makes no other one", async () => {
  const actor = await signIn();
  await auth.signOutEverywhere({ ctx: fleet.ctx(actor), input: {} });
  await expect(change(actor)).rejects.toMatchObject({ code: "unauthenticated" });
  await expect(change({ ...actor, sessionId: undefined })).rejects.toMatchObject({ code: "unauthenticated" });
});

const tokensOf = async (work: readonly Promise<{ token: string }>[]): Promise<string[]> =>
  (await Promise.allSettled(work)).flatMap((end) => (end.status === "fulfilled" ? [end.value.token] : []));

test("no switch in flight outlives signing out everywhere", async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const actor = await signIn();
    const flights = [change(actor), change(actor), change(actor)];
    const out = auth.signOutEverywhere({ ctx: fleet.ctx(actor), input: {} });
    const tokens = await tokensOf([...flights, change(actor), change(actor)]);
    await out;
    expect(await Promise.all(tokens.map(isOpen))).toEqual(tokens.map(() => false));
  }
});

test("no sign-in in flight outlives the password, or the lack of a second factor, that it was judged by", async () => {
  const actor = await signIn();
  const { secret } = await auth.beginTotp({ ctx: fleet.ctx(actor), input: {} });
  const input = { email: acme.email, password: PASSWORD };
  const enter = () => auth.signIn({ ctx: fleet.ctx(null), input });
  const flights = [enter(), enter(), enter()];
  await auth.confirmTotp({ ctx: fleet.ctx(actor), input: { code: codeOf(secret, fleet.clock.now) } });
  const tokens = await tokensOf(flights);
  expect(await Promise.all(tokens.map(isOpen))).toEqual(tokens.map(() => false));
});
