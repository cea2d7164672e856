import { grant, invitation, role, serviceAccount, team } from "@creel/core";
import type { Fleet, Org } from "./fleet.ts";

/** One of each thing that the verbs about people speak of. */
export async function makePeople(fleet: Fleet, home: Org) {
  const ctx = fleet.ctx(home.owner);
  const first = await invitation.create({ ctx, input: { email: "mona@people.example", role: "developer" } });
  const password = "a long enough password";
  const joined = await invitation.accept({ ctx: fleet.ctx(null), input: { token: first.token, password } });
  const { id: teamId } = await team.create({ ctx, input: { name: "payments" } });
  const { id: roleId } = await role.create({ ctx, input: { name: "reader", permissions: ["node:read"] } });
  const { id: serviceAccountId } = await serviceAccount.create({ ctx, input: { name: "ci" } });
  const given = await grant.give({ ctx, input: { teamId, role: "viewer" } });
  if (given.outcome !== "applied") throw new Error("it was proposed");
  const grantId = given.id;
  const { id: invitationId } = await invitation.create({ ctx, input: { email: "ivo@people.example", role: "viewer" } });
  return { userId: joined.user.id, teamId, roleId, serviceAccountId, grantId, invitationId };
}
export type People = Awaited<ReturnType<typeof makePeople>>;
