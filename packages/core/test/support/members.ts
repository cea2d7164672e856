import { randomUUID } from "node:crypto";
import {
  auth,
  grant,
  invitation,
  type Role,
  role,
  type Scope,
  serviceAccount,
  team,
  type UserActor,
} from "../../src/index.ts";
import { applied } from "./applied.ts";
import { type Fleet, PASSWORD, type TestOrg } from "./fleet.ts";

export interface SignedInPerson {
  userId: string;
  email: string;
  token: string;
  actor: UserActor;
}

/** A second person of an org, invited and signed in, as they are at that moment: with what they really hold. */
export async function join(
  fleet: Fleet,
  of: TestOrg,
  who: { name: string; role?: Role; scope?: Scope; teamId?: string },
): Promise<SignedInPerson> {
  const email = `${who.name}@${of.email.split("@")[1]}`;
  const { name, ...offer } = who;
  const owner = fleet.ctx(of.as("owner"));
  const invited = await invitation.create({ ctx: owner, input: { email, ...asInput(offer) } });
  const input = { token: invited.token, password: PASSWORD, name };
  const signed = await invitation.accept({ ctx: fleet.ctx(null), input });
  return { userId: signed.user.id, email, token: signed.token, actor: await actorOf(fleet, signed.token) };
}

/** A scope as an input takes it: its lists may be changed, nothing else differs. */
const asInput = <T extends { scope?: Scope }>(offer: T) => ({
  ...offer,
  scope:
    offer.scope === undefined
      ? undefined
      : Object.fromEntries(Object.entries(offer.scope).map(([label, values]) => [label, [...values]])),
});

/** Who a session token is at this moment. */
export async function actorOf(fleet: Fleet, token: string): Promise<UserActor> {
  const actor = await auth.resolveSession({ ctx: fleet.ctx(null), input: { token } });
  if (actor === null) throw new Error("that sign-in has ended");
  return actor;
}

/** One of each thing that the verbs about people speak of. */
export async function makePeople(fleet: Fleet, of: TestOrg) {
  const owner = fleet.ctx(of.as("owner"));
  const member = await join(fleet, of, { name: "mona", role: "developer" });
  const { id: teamId } = await team.create({ ctx: owner, input: { name: "payments" } });
  const { id: roleId } = await role.create({ ctx: owner, input: { name: "reader", permissions: ["node:read"] } });
  const { id: serviceAccountId } = await serviceAccount.create({ ctx: owner, input: { name: "ci" } });
  const given = applied(await grant.give({ ctx: owner, input: { teamId, role: "viewer" } }));
  const invited = await invitation.create({ ctx: owner, input: { email: "ivo@acme.example", role: "viewer" } });
  return { userId: member.userId, teamId, roleId, serviceAccountId, grantId: given.id, invitationId: invited.id };
}
export type People = Awaited<ReturnType<typeof makePeople>>;

/** Inputs for the walk over every verb. */
export function peopleInputs(of: TestOrg, people: People): Record<string, unknown> {
  const { userId, teamId, roleId, serviceAccountId, grantId, invitationId } = people;
  const name = `walk-${randomUUID().slice(0, 8)}`;
  return {
    "access.ask": { userId, action: "read", kind: "node" },
    "auth.changePassword": { current: PASSWORD, next: PASSWORD },
    "auth.switchOrg": { orgId: of.orgId },
    "org.create": { name },
    "member.remove": { userId },
    "invitation.create": { email: `${name}@acme.example`, role: "viewer" },
    "invitation.revoke": { invitationId },
    "invitation.preview": { token: "x" },
    "invitation.accept": { token: "x", password: PASSWORD },
    "team.create": { name },
    "team.addMember": { teamId, userId },
    "team.removeMember": { teamId, userId },
    "team.remove": { teamId },
    "role.create": { name, permissions: ["node:read"] },
    "role.update": { roleId, permissions: ["node:read", "plan:read"] },
    "role.remove": { roleId },
    "grant.give": { teamId, role: "viewer" },
    "grant.end": { grantId },
    "serviceAccount.create": { name },
    "serviceAccount.disable": { serviceAccountId },
  };
}
