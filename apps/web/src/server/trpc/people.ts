import { access, auth, device, grant, invitation, member, org, role, serviceAccount, sso, team } from "@creel/core";
import { mutation, query, router } from "./init.ts";

/** The verbs about people and what they may do. An invitation is accepted by signing in with it, not here. */
export const peopleRouters = {
  access: router({ ask: query(access.ask) }),
  auth: router({
    listFactors: query(auth.listFactors),
    prove: mutation(auth.prove),
    beginTotp: mutation(auth.beginTotp),
    confirmTotp: mutation(auth.confirmTotp),
    newRecoveryCodes: mutation(auth.newRecoveryCodes),
    removeTotp: mutation(auth.removeTotp),
    listSessions: query(auth.listSessions),
    signOutEverywhere: mutation(auth.signOutEverywhere),
    changePassword: mutation(auth.changePassword),
    setPassword: mutation(auth.setPassword),
    listOrgs: query(auth.listOrgs),
  }),
  sso: router({
    get: query(sso.get),
    save: mutation(sso.save),
    check: mutation(sso.check),
    enforce: mutation(sso.enforce),
    addDomain: mutation(sso.addDomain),
    verifyDomain: mutation(sso.verifyDomain),
    removeDomain: mutation(sso.removeDomain),
    remove: mutation(sso.remove),
  }),
  device: router({ look: mutation(device.look), approve: mutation(device.approve), deny: mutation(device.deny) }),
  member: router({ list: query(member.list), remove: mutation(member.remove) }),
  invitation: router({
    list: query(invitation.list),
    create: mutation(invitation.create),
    revoke: mutation(invitation.revoke),
  }),
  org: router({ whoAmI: query(org.whoAmI), create: mutation(org.create) }),
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
