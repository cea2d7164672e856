import {
  type Actor,
  agentRequest,
  audit,
  auth,
  device,
  grantOfRole,
  node,
  type Role,
  roleMay,
  verbRegistry,
} from "@creel/core";
import { TRPCError } from "@trpc/server";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeOf } from "../../../packages/core/test/support/authenticator.ts";
import { type FreshDatabase, freshDatabase } from "../../../packages/db/test/database.ts";
import { dispatch } from "../src/server/rest/dispatch.ts";
import { restRoutes } from "../src/server/rest/routes.ts";
import { setRuntime } from "../src/server/runtime.ts";
import { EventHub } from "../src/server/sse/event-hub.ts";
import { createCallerFactory } from "../src/server/trpc/init.ts";
import { appRouter } from "../src/server/trpc/router.ts";
import { type Fleet, ingest, makeFleet, makeJournal, noWorkers, type Org, tokenWithRole } from "./support/fleet.ts";
import { makePeople, type People } from "./support/people.ts";

/**
 * Walks every tRPC procedure and every REST route as nobody, as another org, as a role that may not, and as one that may.
 * A procedure or route without a sample input here fails the walk, so none can be added unseen.
 */

let database: FreshDatabase;
let fleet: Fleet;
let ours: Org;
let theirs: Org;
let decisionId = "";
let people: People;
let secretId = "";
let bindingId = "";
let exceptionId = "";
let groupKey = "";
const askedId = "5b0c1d2e-3f4a-8b6c-8d7e-9f0a1b2c3d4e";

beforeAll(async () => {
  database = await freshDatabase();
  fleet = makeFleet(database.db, noWorkers);
  const { db, jobs, seal, deployment } = fleet.ctx(null);
  setRuntime(Promise.resolve({ db, jobs, seal, deployment, noticeHosts: [], events: new EventHub() }));
  ours = await fleet.found("ours");
  theirs = await fleet.found("theirs");
  const line = makeJournal(ours);
  await ingest(fleet, ours, [
    line({ method: "POST", path: "/api/tickets/1/comments", decision: "deny", reason: "Only GET is allowed." }),
  ]);
  const keep = appRouter.createCaller(as(ours.owner)).secret;
  secretId = (await keep.create({ name: "WALK", value: "a value of the walk" })).id;
  const bound = await keep.bind({ secretId, sandboxId: ours.sandboxId });
  bindingId = bound.outcome === "applied" ? bound.bindingId : "";
  const granted = await appRouter.createCaller(as(ours.owner)).exception.grant(exceptionSample());
  exceptionId = granted.outcome === "applied" ? (granted.exceptionIds[0] ?? "") : "";
  const wish = { binary: "/usr/bin/curl", host: "api.example.com", port: 443, reason: "a walk", again: true };
  await agentRequest.ask({
    ctx: fleet.ctx(ours.node),
    input: { requests: [{ id: askedId, sandboxId: ours.sandboxId, ...wish }] },
  });
  groupKey = (await appRouter.createCaller(as(ours.owner)).inbox.list({ days: 31 })).items[0]?.key ?? "";
  people = await makePeople(fleet, ours);
  const page = await appRouter.createCaller(as(ours.owner)).decision.list({});
  decisionId = page.items[0]?.id ?? "";
});
afterAll(() => database.close());

const as = (actor: Actor | null) => ({ core: fleet.ctx(actor), sameOrigin: true });
const slugOf = (name: string): string => `p-${name.toLowerCase().replaceAll(/[^a-z0-9]/g, "-")}`;
const withRole = (role: Role): Actor => ({ ...ours.owner, grants: [grantOfRole(role)] });

const channelSample = (name: string) => ({
  name,
  target: { kind: "email" as const, address: "ops@ours.example" },
  topics: ["node.revoke" as const],
});

const noDigest = `sha256:${"0".repeat(64)}`;

const exceptionSample = () => ({
  sandboxIds: [ours.sandboxId],
  binary: "/usr/bin/curl",
  host: "api.example.com",
  port: 443,
  reason: "a walk",
});

/** A valid input for each verb, of our org. `name` keeps repeated creations apart. */
const sample = (verbName: string, name: string): Record<string, unknown> => {
  const known: Record<string, () => Record<string, unknown>> = {
    "org.whoAmI": () => ({}),
    "org.create": () => ({ name }),
    "auth.listSessions": () => ({}),
    "auth.listFactors": () => ({}),
    "auth.prove": () => ({ password: ours.password }),
    "auth.beginTotp": () => ({}),
    "auth.confirmTotp": () => ({ code: "000000" }),
    "auth.newRecoveryCodes": () => ({}),
    "auth.removeTotp": () => ({}),
    "auth.signOutEverywhere": () => ({}),
    "node.list": () => ({}),
    "node.get": () => ({ nodeId: ours.node.nodeId }),
    "node.createEnrollSecret": () => ({}),
    "node.revoke": () => ({ nodeId: ours.node.nodeId }),
    "sandbox.list": () => ({}),
    "sandbox.get": () => ({ sandboxId: ours.sandboxId }),
    "sandbox.create": () => ({
      name,
      nodeId: ours.node.nodeId,
      policyId: ours.policyId,
      agent: { plugin: "command", command: ["/bin/true"] },
    }),
    "sandbox.start": () => ({ sandboxId: ours.sandboxId }),
    "sandbox.stop": () => ({ sandboxId: ours.sandboxId }),
    "sandbox.restart": () => ({ sandboxId: ours.sandboxId }),
    "sandbox.remove": () => ({ sandboxId: ours.sandboxId }),
    "sandbox.kill": () => ({ sandboxId: ours.sandboxId, reason: name, to: "quarantined" }),
    "sandbox.killAll": () => ({ nodeId: ours.node.nodeId, reason: name }),
    "sandbox.release": () => ({ sandboxId: ours.sandboxId, reason: name }),
    "sandbox.exec": () => ({ sandboxId: ours.sandboxId, command: ["/bin/true"], timeoutMs: 100 }),
    "sandbox.logs": () => ({ sandboxId: ours.sandboxId }),
    "policy.list": () => ({}),
    "policy.get": () => ({ policyId: ours.policyId }),
    "policy.listVersions": () => ({ policyId: ours.policyId }),
    "policy.getVersion": () => ({ policyId: ours.policyId, version: 1 }),
    "policy.create": () => ({ name, yaml: "version: 1\nnetwork_policies: {}\n" }),
    "policy.saveVersion": () => ({
      policyId: ours.policyId,
      yaml: "version: 1\nnetwork_policies: {}\n",
      baseVersion: 1,
      message: name,
    }),
    "change.list": () => ({}),
    "change.get": () => ({ changeId: ours.policyId }),
    "change.impact": () => ({ changeId: ours.policyId }),
    "change.vote": () => ({ changeId: ours.policyId, digest: noDigest, verdict: "approve" }),
    "change.edit": () => ({ changeId: ours.policyId, digest: noDigest, content: {} }),
    "change.withdraw": () => ({ changeId: ours.policyId }),
    "change.applyNow": () => ({ changeId: ours.policyId }),
    "change.breakGlass": () => ({ changeId: ours.policyId, digest: noDigest, reason: "a walk through all" }),
    "change.closeReview": () => ({ changeId: ours.policyId, verdict: "justified", note: "a walk through all" }),
    "change.remind": () => ({ changeId: ours.policyId }),
    "delegation.list": () => ({}),
    "delegation.candidates": () => ({}),
    "delegation.give": () => ({
      toUserId: ours.policyId,
      until: new Date(Date.now() + 86_400_000).toISOString(),
      reason: name,
    }),
    "delegation.end": () => ({ delegationId: ours.policyId }),
    "notice.listUnseen": () => ({}),
    "notice.markSeen": () => ({ noticeIds: [ours.policyId] }),
    "approvalPolicy.list": () => ({}),
    "approvalPolicy.save": () => ({
      name,
      mode: "evaluate",
      spec: { steps: [{ atLeast: 1, of: [{ role: "owner" }] }] },
    }),
    "approvalPolicy.remove": () => ({ policyId: ours.policyId }),
    "policy.lint": () => ({ yaml: "version: 1\n" }),
    "policy.proposeAllow": () => ({ decisionId }),
    "policy.proposeDeny": () => ({ decisionId, reason: "covered" }),
    "policy.explain": () => ({ decisionId }),
    "policy.replay": () => ({ policyId: ours.policyId, yaml: "version: 1\nnetwork_policies: {}\n" }),
    "plan.list": () => ({}),
    "plan.get": () => ({ planId: ours.policyId }),
    "decision.list": () => ({}),
    "decision.get": () => ({ decisionId }),
    "decision.timeline": () => ({}),
    "decision.reach": () => ({ sandboxId: ours.sandboxId }),
    "audit.list": () => ({}),
    "notice.listChannels": () => ({}),
    "notice.listMyChannels": () => ({}),
    "notice.createChannel": () => channelSample(name),
    "notice.createMyChannel": () => channelSample(name),
    "notice.removeChannel": () => ({ channelId: ours.policyId }),
    "notice.removeMyChannel": () => ({ channelId: ours.policyId }),
    "notice.testChannel": () => ({ channelId: ours.policyId }),
    "notice.testMyChannel": () => ({ channelId: ours.policyId }),
    "agentRequest.list": () => ({}),
    "agentRequest.answer": () => ({ requestId: askedId, verdict: "deny" }),
    "exception.list": () => ({}),
    "exception.grant": exceptionSample,
    "exception.end": () => ({ exceptionId }),
    "inbox.list": () => ({}),
    "inbox.allow": () => ({ groupKey }),
    "inbox.dismiss": () => ({ groupKey, reason: "a walk" }),
    "inbox.restore": () => ({ groupKey }),
    "secret.list": () => ({}),
    "secret.rewrap": () => ({}),
    "secret.create": () => ({ name: `WALK_${name.replaceAll(/[^A-Za-z0-9]/g, "_")}`, value: "a value of the walk" }),
    "secret.get": () => ({ secretId }),
    "secret.rotate": () => ({ secretId, value: "another value of the walk" }),
    "secret.bind": () => ({ secretId, sandboxId: ours.sandboxId }),
    "secret.unbind": () => ({ bindingId }),
    "secret.remove": () => ({ secretId }),
    "token.list": () => ({}),
    "token.create": () => ({ name, role: "viewer" }),
    "token.revoke": () => ({ tokenId: ours.policyId }),
    "token.rotate": () => ({ tokenId: ours.policyId }),
    "auth.changePassword": () => ({ current: ours.password, next: ours.password }),
    "auth.setPassword": () => ({ next: "a password of my own" }),
    "auth.listOrgs": () => ({}),
    "device.begin": () => ({ hostName: "walk" }),
    "device.poll": () => ({ deviceCode: "x" }),
    "device.look": () => ({ userCode: "BBBB-CCCC" }),
    "device.approve": () => ({ userCode: "BBBB-CCCC" }),
    "device.deny": () => ({ userCode: "BBBB-CCCC" }),
    "access.ask": () => ({ userId: ours.owner.userId, action: "read", kind: "node" }),
    "sso.get": () => ({}),
    "sso.save": () => ({ name: "ID", issuer: "http://127.0.0.1:1", clientId: "creel", clientSecret: "a secret" }),
    "sso.remove": () => ({}),
    "sso.check": () => ({}),
    "sso.enforce": () => ({ enforced: false }),
    "sso.addDomain": () => ({ domain: `${slugOf(name)}.example` }),
    "sso.verifyDomain": () => ({ domainId: ours.policyId }),
    "sso.removeDomain": () => ({ domainId: ours.policyId }),
    "member.list": () => ({}),
    "member.remove": () => ({ userId: people.userId }),
    "invitation.list": () => ({}),
    "invitation.create": () => ({ email: `${name.replaceAll(/[^A-Za-z0-9]/g, "-")}@ours.example`, role: "viewer" }),
    "invitation.revoke": () => ({ invitationId: people.invitationId }),
    "team.list": () => ({}),
    "team.create": () => ({ name: slugOf(name) }),
    "team.remove": () => ({ teamId: people.teamId }),
    "team.addMember": () => ({ teamId: people.teamId, userId: people.userId }),
    "team.removeMember": () => ({ teamId: people.teamId, userId: people.userId }),
    "role.list": () => ({}),
    "role.create": () => ({ name: slugOf(name), permissions: ["node:read"] }),
    "role.update": () => ({ roleId: people.roleId, permissions: ["node:read", "plan:read"] }),
    "role.remove": () => ({ roleId: people.roleId }),
    "grant.list": () => ({}),
    "grant.give": () => ({ teamId: people.teamId, role: "viewer" }),
    "grant.end": () => ({ grantId: people.grantId }),
    "serviceAccount.list": () => ({}),
    "serviceAccount.create": () => ({ name: slugOf(name) }),
    "serviceAccount.disable": () => ({ serviceAccountId: people.serviceAccountId }),
    "node.setLabels": () => ({ nodeId: ours.node.nodeId, labels: { env: "prod" } }),
    "policy.setLabels": () => ({ policyId: ours.policyId, labels: { env: "prod" } }),
    "sandbox.setLabels": () => ({ sandboxId: ours.sandboxId, labels: { env: "prod" } }),
  };
  const make = known[verbName];
  if (!make) throw new Error(`${verbName} has no sample input in the unauthorized suite; add one`);
  return make();
};

const procedures = Object.keys(appRouter._def.procedures);
const caller = createCallerFactory(appRouter);
const callTrpc = async (path: string, actor: Actor | null, input: unknown, sameOrigin = true): Promise<number> => {
  let target: unknown = caller({ ...as(actor), sameOrigin });
  for (const part of path.split(".")) target = Reflect.get(target as object, part);
  try {
    await (target as (input: unknown) => Promise<unknown>)(input);
    return 200;
  } catch (error) {
    if (!(error instanceof TRPCError)) throw error;
    return getHTTPStatusCodeFromError(error);
  }
};

/** What a role that lacks the right hears: 403 when it may at least read such things, else 404. */
const refusalFor = (verbName: string, role: Role): number | null => {
  const gate = verbRegistry.get(verbName)?.gate;
  if (gate?.by !== "person" || roleMay(role, gate.action, gate.on)) return null;
  return roleMay(role, "read", gate.on) ? 403 : 404;
};

/** Only procedures that name a thing can name a foreign one. */
const namesAThing = (verbName: string): boolean =>
  Object.keys(sample(verbName, "x")).some((field) => field.endsWith("Id") && field !== "clientId");

describe("tRPC", () => {
  it.each(procedures)("%s answers nobody with 401", async (path) => {
    expect(await callTrpc(path, null, sample(path, "nobody"))).toBe(401);
  });

  it.each(procedures)("%s refuses every role that may not", async (path) => {
    for (const role of ["viewer", "auditor", "developer", "approver", "operator", "security_admin"] as const) {
      const expected = refusalFor(path, role);
      if (expected !== null)
        expect([role, await callTrpc(path, withRole(role), sample(path, role))]).toEqual([role, expected]);
    }
  });

  it.each(procedures.filter((path) => !path.startsWith("auth.")))(
    "%s hides our things from another org",
    async (path) => {
      if (!namesAThing(path)) return;
      // A decision's id counts per org, so theirs may have one of the same number; it has none yet.
      // Some verbs ask for proof before they look anything up.
      const proved: Actor = { ...theirs.owner, provedAt: new Date() };
      expect(await callTrpc(path, proved, sample(path, "foreign"))).toBe(404);
    },
  );

  it.each(procedures.filter((path) => verbRegistry.get(path)?.kind === "mutation"))(
    "%s is refused when another site's page asks",
    async (path) => {
      expect(await callTrpc(path, ours.owner, sample(path, "csrf"), false)).toBe(403);
    },
  );
});

const restRequest = (route: (typeof restRoutes)[number], input: Record<string, unknown>, token: string | null) => {
  let path = route.path;
  const used = new Set<string>();
  for (const [name, { field }] of Object.entries(route.source.params ?? {})) {
    // A verb that makes a thing when none is named has a route for each of the two; the sample names none.
    path = path.replace(`{${name}}`, encodeURIComponent(String(input[field] ?? ours.policyId)));
    used.add(field);
  }
  const query = new URLSearchParams();
  const body: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(input)) {
    if (used.has(field)) continue;
    if (route.source.query?.includes(field)) query.set(field, String(value));
    else body[field] = value;
  }
  const request = new Request(`http://127.0.0.1/api/v1${path}?${query}`, {
    method: route.method,
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    ...(route.method === "GET" ? {} : { body: JSON.stringify(body) }),
  });
  return dispatch(request, path.split("/").filter(Boolean));
};

describe("REST", () => {
  const named = restRoutes.map((route) => [`${route.method} ${route.path}`, route] as const);

  it("answers nobody but who begins or fetches the login of a command line", () => {
    const open = restRoutes.filter((route) => route.open).map((route) => `${route.method} ${route.path}`);
    expect(open).toEqual(["POST /device/code", "POST /device/token"]);
  });

  it.each(named.filter(([, route]) => !route.open))(
    "%s answers nobody, a wrong token and a cookie with 401",
    async (_name, route) => {
      const input = sample(route.verbName, "nobody");
      for (const token of [null, "creel_00000000_nonsense", "x"])
        expect((await restRequest(route, input, token)).status).toBe(401);
    },
  );

  // One of each: a person may have so many keys and no more.
  const keys = new Map<Role, Promise<string>>();
  const keyWith = async (role: Role): Promise<string> => {
    const made = keys.get(role) ?? tokenWithRole(fleet, ours, role);
    keys.set(role, made);
    return await made;
  };

  it.each(named)("%s refuses a token whose role may not", async (_name, route) => {
    for (const role of ["viewer", "developer"] as const) {
      const expected = refusalFor(route.verbName, role);
      if (expected === null) continue;
      const token = await keyWith(role);
      expect((await restRequest(route, sample(route.verbName, role), token)).status).toBe(expected);
    }
  });

  it.each(named)("%s answers for another org's thing byte for byte as for none", async (_name, route) => {
    const input = sample(route.verbName, "foreign");
    if (!namesAThing(route.verbName)) return;
    const foreign = await restRequest(route, input, theirs.apiToken);
    const nonsense = Object.fromEntries(
      Object.entries(input).map(([field, value]) => {
        if (!field.endsWith("Id")) return [field, value];
        return [field, field === "decisionId" ? "999999" : "00000000-0000-4000-8000-000000000000"];
      }),
    );
    const missing = await restRequest(route, nonsense, theirs.apiToken);
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    expect(await foreign.text()).toBe(await missing.text());
  });

  it("answers a path that is not there like a thing that is not there", async () => {
    const ask = (path: string) =>
      dispatch(
        new Request(`http://127.0.0.1/api/v1/${path}`, { headers: { authorization: `Bearer ${ours.apiToken}` } }),
        path.split("/"),
      );
    const missing = await ask("no/such/route");
    expect(missing.status).toBe(404);
    expect(await missing.text()).toBe(await (await ask("sandboxes/no-such-name")).text());
  });
});

describe("what a person may do leaves an audit row", () => {
  /** Rows newer than the one named; an act may leave a second row of its own kind, such as the plan it made. */
  const rowsSince = async (id: string | undefined) => {
    const { items } = await audit.list({ ctx: fleet.ctx(ours.owner), input: { limit: 20 } });
    const at = items.findIndex((row) => row.id === id);
    return at < 0 ? items : items.slice(0, at);
  };
  /** What takes things away comes last. */
  const last = [
    "team.removeMember",
    "grant.end",
    "role.remove",
    "team.remove",
    "member.remove",
    "secret.remove",
    "sandbox.remove",
    "token.revoke",
    "node.revoke",
    "auth.signOutEverywhere",
  ];
  /** These need a change that waits; `packages/core/test/walk.test.ts` makes one for each and looks for its row. */
  const onWaiting = new Set(
    ["vote", "edit", "withdraw", "applyNow", "breakGlass", "closeReview", "remind"].map((verb) => `change.${verb}`),
  );
  for (const path of ["delegation.give", "delegation.end", "notice.markSeen"]) onWaiting.add(path);
  onWaiting.add("approvalPolicy.remove");
  // Only for who has no password; `packages/core/test/sso.test.ts` looks for its row.
  onWaiting.add("auth.setPassword");
  /** Before what ends sign-ins: these ask for one that is still open. */
  const ofOpenSignIn = (path: string): boolean => /^(sso|device)\.|^org\.create$/.test(path);
  const turnOf = (path: string): number => (ofOpenSignIn(path) ? -2 : last.indexOf(path));
  const mutations = procedures
    .filter((path) => verbRegistry.get(path)?.kind === "mutation" && !onWaiting.has(path))
    .sort((a, b) => turnOf(a) - turnOf(b));

  /** What asks for proof is done by somebody who signed in a moment ago. */
  const factors = ["auth.prove", "auth.beginTotp", "auth.confirmTotp", "auth.newRecoveryCodes", "auth.removeTotp"];
  factors.push(
    "device.approve",
    "org.create",
    "sso.save",
    "sso.enforce",
    "sso.addDomain",
    "sso.verifyDomain",
    "sso.removeDomain",
    "sso.remove",
  );
  let proved: Actor | null = null;
  beforeAll(async () => {
    const ctx = fleet.ctx(null);
    const { token } = await auth.signIn({ ctx, input: { email: ours.email, password: ours.password } });
    proved = await auth.resolveSession({ ctx, input: { token } });
  });

  it.each(mutations)("%s", async (path) => {
    const input = sample(path, "audited");
    if (path === "auth.confirmTotp") {
      const { secret } = await auth.beginTotp({ ctx: fleet.ctx(proved), input: {} });
      input.code = codeOf(secret, new Date());
    }
    if (path.startsWith("device."))
      input.userCode = (await device.begin({ ctx: fleet.ctx(null), input: { hostName: "walk" } })).userCode;
    const api = appRouter.createCaller(as(ours.owner));
    if (path === "token.revoke" || path === "token.rotate") input.tokenId = (await api.token.list({})).items[0]?.id;
    if (path === "sso.verifyDomain" || path === "sso.removeDomain")
      input.domainId = (await api.sso.get({})).domains[0]?.id;
    if (path.startsWith("notice.") && "channelId" in input) {
      const made = path.includes("My") ? api.notice.createMyChannel : api.notice.createChannel;
      input.channelId = (await made(channelSample("audited"))).channel.id;
    }
    // A walk on a busy machine outlasts the time after which a node that says nothing counts as gone.
    if (path === "sandbox.exec") await node.heartbeat({ ctx: fleet.ctx(ours.node), input: { statuses: [] } });
    if (path === "sandbox.start") await api.sandbox.stop({ sandboxId: ours.sandboxId });
    if (path === "sandbox.release") await api.sandbox.kill({ sandboxId: ours.sandboxId, to: "quarantined" });
    else await api.sandbox.release({ sandboxId: ours.sandboxId, reason: "for the next act" }).catch(() => undefined);
    const [before] = (await audit.list({ ctx: fleet.ctx(ours.owner), input: { limit: 1 } })).items;
    const status = await callTrpc(path, factors.includes(path) ? proved : ours.owner, input);
    // No node is connected here to run the command; that it was asked for is what must stand in the audit.
    if (path !== "sandbox.exec") expect(status).toBe(200);
    // A person's own channel is a channel.
    const row = (await rowsSince(before?.id)).find((item) => item.action === path.replace("MyChannel", "Channel"));
    expect(row?.actor.label).toBe(ours.email);
  });
});
