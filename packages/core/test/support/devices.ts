import { auth, device, type UserActor } from "../../src/index.ts";
import { type Fleet, PASSWORD, type TestOrg } from "./fleet.ts";
import { actorOf } from "./members.ts";

/** The owner by a sign-in of this moment. */
export async function ownerSignedIn(fleet: Fleet, of: TestOrg): Promise<UserActor> {
  const { token } = await auth.signIn({ ctx: fleet.ctx(null), input: { email: of.email, password: PASSWORD } });
  return await actorOf(fleet, token);
}

/** An input for the walk over every verb: a code that waits, and for `poll` one that was confirmed. */
export async function deviceInput(fleet: Fleet, of: TestOrg, name: string): Promise<Record<string, unknown>> {
  if (name === "device.begin") return { hostName: "walk" };
  const { userCode, deviceCode } = await device.begin({ ctx: fleet.ctx(null), input: { hostName: "walk" } });
  if (name !== "device.poll") return { userCode };
  await device.approve({ ctx: fleet.ctx(await ownerSignedIn(fleet, of)), input: { userCode } });
  return { deviceCode };
}
