import { access, auth, grant, invitation, member, role, serviceAccount, team } from "@creel/core";
import { mutation, query, router } from "./init.ts";

/** The verbs about people and what they may do. An invitation is accepted by signing in with it, not here. */
export const peopleRouters = {
  access: router({ ask: query(access.ask) }),
  auth: router({
    listSessions: query(auth.listSessions),
    signOutEverywhere: mutation(auth.signOutEverywhere),
    changePassword: mutation(auth.changePassword),
    listOrgs: query(auth.listOrgs),
  }),
  member: router({ list: query(member.list), remove: mutation(member.remove) }),
  invitation: router({
    list: query(invitation.list),
    create: mutation(invitation.create),
    revoke: mutation(invitation.revoke),
  }),
  team: router({
    list: query(team.list),
    create: mutation(team.create),
    remove: mutation(team.remove),
    addMember: mutation(team.addMember),
    removeMember: mutation(team.removeMember),
  }),
  role: router({
    list: query(role.list),
    create: mutation(role.create),
    update: mutation(role.update),
    remove: mutation(role.remove),
  }),
  grant: router({ list: query(grant.list), give: mutation(grant.give), end: mutation(grant.end) }),
  serviceAccount: router({
    list: query(serviceAccount.list),
    create: mutation(serviceAccount.create),
    disable: mutation(serviceAccount.disable),
  }),
};
