import { auth, device, type UserActor } from "../../src/index.ts";
import { type Fleet, PASSWORD, type TestOrg } from "./fleet.ts";
import { actorOf } from "./members.ts";

/** The owner by a sign-in of this moment. */
export async function ownerSignedIn(fleet: Fleet, of: TestOrg): Promise<UserActor> {
  const { token } = await auth.signIn({ ctx: fleet.ctx(null), input: { email: of.email, password: PASSWORD } });
  const actor = await actorOf(fleet, token);
  if (actor.orgId === of.orgId) return actor;
  // A password opens the org that one is in longest; the walk makes its owner a member of others.
  const switched = await auth.switchOrg({ ctx: fleet.ctx(actor), input: { orgId: of.orgId } });
  return await actorOf(fleet, switched.token);
}

/** An input for the walk over every verb: a code that waits, and for `poll` one that was confirmed. */
export async function deviceInput(fleet: Fleet, of: TestOrg, name: string): Promise<Record<string, unknown>> {
  if (name === "device.begin") return { hostName: "walk" };
  const { userCode, deviceCode } = await device.begin({ ctx: fleet.ctx(null), input: { hostName: "walk" } });
  if (name !== "device.poll") return { userCode };
  await device.approve({ ctx: fleet.ctx(await ownerSignedIn(fleet, of)), input: { userCode } });
  return { deviceCode };
}
