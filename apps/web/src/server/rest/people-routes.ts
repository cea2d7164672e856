import {
  access,
  device,
  grant,
  invitation,
  member,
  node,
  policy,
  role,
  sandbox,
  serviceAccount,
  team,
  token,
} from "@creel/core";
import { plainId, policyId, sandboxId } from "./names.ts";
import { type RestRoute, route } from "./route.ts";

const oneId = (field: string) => ({ params: { id: { field, resolve: plainId } } });

/** People, teams, roles, grants, keys and labels: the part of `/api/v1` that says who may do what. */
export const peopleRoutes: readonly RestRoute[] = [
  route("GET", "/access", access.ask, {
    summary: "May somebody do this to that, and why",
    source: {
      query: ["userId", "serviceAccountId", "action", "kind", "nodeId", "policyId", "sandboxId"],
      without: ["labels"],
    },
  }),
  route("GET", "/members", member.list, { summary: "Members with what they hold" }),
  route("DELETE", "/members/{id}", member.remove, {
    summary: "Remove a member: grants, teams, keys and sign-ins of this organization end",
    source: oneId("userId"),
  }),
  route("GET", "/invitations", invitation.list, { summary: "Invitations, newest first" }),
  route("POST", "/invitations", invitation.create, {
    summary: "Invite somebody; the link's token is in this answer and nowhere else",
    source: { body: ["email", "role", "scope", "teamId", "hours"] },
    successStatus: 201,
  }),
  route("DELETE", "/invitations/{id}", invitation.revoke, {
    summary: "Revoke an invitation",
    source: oneId("invitationId"),
  }),
  route("GET", "/teams", team.list, { summary: "Teams with their members and grants" }),
  route("POST", "/teams", team.create, { summary: "Make a team", source: { body: ["name"] }, successStatus: 201 }),
  route("DELETE", "/teams/{id}", team.remove, { summary: "Remove a team and end its grants", source: oneId("teamId") }),
  route("POST", "/teams/{id}/members", team.addMember, {
    summary: "Add a member to a team",
    source: { ...oneId("teamId"), body: ["userId"] },
  }),
  route("DELETE", "/teams/{id}/members/{userId}", team.removeMember, {
    summary: "Take a member out of a team",
    source: {
      params: { id: { field: "teamId", resolve: plainId }, userId: { field: "userId", resolve: plainId } },
    },
  }),
  route("GET", "/roles", role.list, { summary: "Built-in roles and the organization's own" }),
  route("POST", "/roles", role.create, {
    summary: "Make a role from permissions",
    source: { body: ["name", "description", "permissions"] },
    successStatus: 201,
  }),
  route("PUT", "/roles/{id}", role.update, {
    summary: "Change a role's permissions, for everybody who holds it",
    source: { ...oneId("roleId"), body: ["description", "permissions"] },
  }),
  route("DELETE", "/roles/{id}", role.remove, { summary: "Remove a role nobody holds", source: oneId("roleId") }),
  route("GET", "/grants", grant.list, {
    summary: "Grants in force; with `show=all`, those that ended too",
    source: { query: ["show"] },
  }),
  route("POST", "/grants", grant.give, {
    summary: "Give a role to a person, a team or a service account, or propose it (202)",
    source: { body: ["userId", "teamId", "serviceAccountId", "role", "scope", "hours", "reason"] },
    successStatus: 201,
  }),
  route("DELETE", "/grants/{id}", grant.end, {
    summary: "End a grant, and the sign-ins of whomever it reached",
    source: oneId("grantId"),
  }),
  route("GET", "/service-accounts", serviceAccount.list, { summary: "Service accounts" }),
  route("POST", "/service-accounts", serviceAccount.create, {
    summary: "Make a service account",
    source: { body: ["name", "description"] },
    successStatus: 201,
  }),
  route("DELETE", "/service-accounts/{id}", serviceAccount.disable, {
    summary: "Disable a service account: its grants and keys end",
    source: oneId("serviceAccountId"),
  }),
  route("POST", "/device/code", device.begin, {
    summary:
      "Ask to be signed in, as a command line does: a code for a person to confirm on the page `/device` (RFC 8628)",
    source: { body: ["hostName"], address: "address" },
    successStatus: 201,
  }),
  route("POST", "/device/token", device.poll, {
    summary: "Ask whether the code was confirmed, every `intervalSeconds`; the token is in one answer and nowhere else",
    source: { body: ["deviceCode"] },
  }),
  route("POST", "/tokens/{id}/rotate", token.rotate, {
    summary: "A new key in the place of one, which works on for `overlapMinutes`",
    source: { ...oneId("tokenId"), body: ["overlapMinutes"] },
    successStatus: 201,
  }),
  route("PUT", "/nodes/{id}/labels", node.setLabels, {
    summary: "Label a node",
    source: { ...oneId("nodeId"), body: ["labels"] },
  }),
  route("PUT", "/policies/{idOrName}/labels", policy.setLabels, {
    summary: "Label a policy, or propose it (202)",
    source: { params: { idOrName: { field: "policyId", resolve: policyId } }, body: ["labels"] },
  }),
  route("PUT", "/sandboxes/{idOrName}/labels", sandbox.setLabels, {
    summary: "Label a sandbox; its node's labels stay before its own",
    source: { params: { idOrName: { field: "sandboxId", resolve: sandboxId } }, body: ["labels"] },
  }),
];
