import { randomUUID } from "node:crypto";
import { tables, withOrg } from "@creel/db";
import { makeSealingKey } from "@creel/protocol/sealing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Actor,
  agentRequest,
  audit,
  auth,
  CreelError,
  decision,
  exception,
  grantOfRole,
  inbox,
  invitation,
  kindActions,
  notice,
  org,
  plan,
  resourceKinds,
  roleMay,
  roles,
  sandbox,
  secret,
  token,
  toPublicError,
  verbRegistry,
} from "../src/index.ts";
import { applied } from "./support/applied.ts";
import { codeOf } from "./support/authenticator.ts";
import { type Changes, makeChanges } from "./support/changes.ts";
import { deviceInput, ownerSignedIn } from "./support/devices.ts";
import {
  capabilities,
  type Fleet,
  joinSecret,
  makeCsr,
  makeNode,
  makeOrg,
  model,
  openFleet,
  PASSWORD,
  POLICY,
  system,
  type TestNode,
  type TestOrg,
} from "./support/fleet.ts";
import { entry } from "./support/journal.ts";
import { actorOf, makePeople, type People, peopleInputs } from "./support/members.ts";
import { addPerson, type TestPerson } from "./support/people.ts";
import { makeSso } from "./support/sso.ts";

/** Telemetry and delivery: what a node reports many times a second is in its own tables. This list may only shrink. */
const UNAUDITED = new Set([
  "node.heartbeat",
  "sandbox.reportStatus",
  "sandbox.appendLog",
  "plan.claim",
  "plan.markSent",
  "plan.sweep",
  "command.next",
  "command.complete",
  "notice.claim",
  "notice.recordOutcome",
  // Of no org until somebody confirms it, and that stands in the audit.
  "device.begin",
  // Not for who has a password, as everybody of this walk does; `sso.test.ts` looks for its row.
  "auth.setPassword",
]);
/** Votes are lent by whoever may vote over anything to whoever else may, whatever their scopes: both know of each other. */
const KNOWS_VOTERS = new Set(["delegation.candidates", "delegation.give"]);
/** Input by id, so a stranger's ids and ids that never were can be compared. */
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

let fleet: Fleet;
let acme: TestOrg;
let globex: TestOrg;
let host: TestNode;
let stranger: TestNode;
let ids: { sandboxId: string; tokenId: string; decisionId: string; channelId: string; myChannelId: string };

let people: People;
/** An owner of what nothing here is labelled with; a person, because some verbs read again what the asker holds. */
let outsider: TestPerson;
let changes: Changes;
let ssoInputs: () => Promise<Record<string, unknown>>;
let secretIds: { secretId: string; bindingId: string };
let exceptionIds: { exceptionId: string; groupKey: string; requestId: string };

beforeAll(async () => {
  fleet = await openFleet();
  [acme, globex] = [await makeOrg(fleet, "acme"), await makeOrg(fleet, "globex")];
  people = await makePeople(fleet, acme);
  outsider = await addPerson(fleet, acme, { name: "outsider", role: "owner", scope: { env: ["elsewhere"] } });
  changes = await makeChanges(fleet, acme);
  ssoInputs = await makeSso(fleet, acme);
  [host, stranger] = [await makeNode(fleet, acme, "host-1"), await makeNode(fleet, globex, "host-1")];
  const owner = fleet.ctx(acme.as("owner"));
  const agent = { plugin: "command" as const, command: ["true"] };
  const made = await sandbox.create({
    ctx: owner,
    input: { name: "demo", nodeId: host.nodeId, policyId: acme.policyId, agent },
  });
  const key = await token.create({ ctx: owner, input: { name: "ci", role: "viewer" } });
  await decision.ingest({ ctx: fleet.ctx(host.actor), input: { entries: [entry(randomUUID(), 0, made.id)] } });
  const channel = {
    name: "ops",
    target: { kind: "email" as const, address: "ops@acme.example" },
    topics: ["node.revoke" as const],
  };
  const channelId = (await notice.createChannel({ ctx: owner, input: channel })).channel.id;
  const myChannelId = (await notice.createMyChannel({ ctx: owner, input: channel })).channel.id;
  const listed = await decision.list({ ctx: owner, input: {} });
  const kept = await secret.create({ ctx: owner, input: { name: "WALK", value: "a value of the walk" } });
  const bound = applied(await secret.bind({ ctx: owner, input: { secretId: kept.id, sandboxId: made.id } }));
  secretIds = { secretId: kept.id, bindingId: bound.bindingId };
  const allowed = await exception.grant({
    ctx: owner,
    input: { sandboxIds: [made.id], binary: "/usr/bin/curl", host: "api.example.com", port: 443, reason: "walk" },
  });
  const [group] = (await inbox.list({ ctx: owner, input: {} })).items;
  exceptionIds = {
    exceptionId: allowed.outcome === "applied" ? (allowed.exceptionIds[0] ?? "") : "",
    groupKey: group?.key ?? "",
    requestId: randomUUID(),
  };
  const wish = { id: exceptionIds.requestId, sandboxId: made.id, reason: "walk", again: true };
  const where = { binary: "/usr/bin/curl", host: "asked.example.com", port: 443 };
  await agentRequest.ask({ ctx: fleet.ctx(host.actor), input: { requests: [{ ...wish, ...where }] } });
  ids = { sandboxId: made.id, tokenId: key.view.id, decisionId: listed.items[0]?.id ?? "", channelId, myChannelId };
});
afterAll(async () => await fleet?.close());

async function inputOf(name: string): Promise<unknown> {
  const { sandboxId, tokenId, decisionId } = ids;
  const { secretId, bindingId } = secretIds;
  const { exceptionId, groupKey } = exceptionIds;
  const nodeId = host.nodeId;
  const status = {
    id: sandboxId,
    phase: "running",
    reason: "",
    incarnation: 0,
    pid: 1,
    startedAt: null,
    exitCode: null,
    restarts: 0,
    policyDigest: null,
    generation: 1,
  };
  const desired = plan.desiredFor({ ctx: fleet.ctx(host.actor), input: { nodeId } });
  const { planId = "", generation = 0 } = (await desired) ?? {};
  const inputs: Record<string, unknown> = {
    "org.bootstrap": { slug: "walk", name: "Walk", ownerEmail: "o@walk.example", ownerPassword: PASSWORD },
    "auth.signIn": { email: acme.email, password: PASSWORD },
    "auth.resolveSession": { token: "x" },
    "auth.resolveApiToken": { token: "x" },
    "auth.signOut": { token: "x" },
    "token.create": { name: "walk", role: "viewer" },
    "token.revoke": { tokenId },
    "token.rotate": { tokenId },
    "node.setLabels": { nodeId, labels: { env: "prod" } },
    "policy.setLabels": { policyId: acme.policyId, labels: { env: "prod" } },
    "sandbox.setLabels": { sandboxId, labels: { env: "prod" } },
    ...peopleInputs(acme, people),
    "node.get": { nodeId },
    "node.enroll": { protocol: 1, secret: "x".repeat(30), csrPem: await makeCsr(), name: "walk", capabilities },
    "node.authenticate": { certificatePem: host.certificatePem },
    "node.hello": { agentVersion: "1", capabilities, model, generation: 0 },
    "node.heartbeat": { statuses: [] },
    "node.renew": { csrPem: await makeCsr(host.keys) },
    "node.revoke": { nodeId },
    "policy.get": { policyId: acme.policyId },
    "policy.listVersions": { policyId: acme.policyId },
    "policy.getVersion": { policyId: acme.policyId, version: 1 },
    "policy.create": { name: `walk-${randomUUID().slice(0, 8)}`, yaml: POLICY },
    "policy.saveVersion": { policyId: acme.policyId, yaml: POLICY, baseVersion: 1 },
    "policy.lint": { yaml: POLICY },
    "policy.proposeAllow": { decisionId },
    "policy.proposeDeny": { decisionId, reason: "walk" },
    "policy.explain": { decisionId },
    "policy.replay": { policyId: acme.policyId, yaml: POLICY },
    "sandbox.get": { sandboxId },
    "sandbox.create": {
      name: `walk-${randomUUID().slice(0, 8)}`,
      nodeId,
      policyId: acme.policyId,
      agent: { plugin: "command", command: ["true"] },
    },
    "sandbox.exec": { sandboxId, command: ["id"], timeoutMs: 1 },
    "sandbox.logs": { sandboxId },
    "sandbox.reportStatus": { status },
    "sandbox.appendLog": { sandboxId, incarnation: 0, offset: 0, data: "x", dropped: 0 },
    "plan.get": { planId },
    "plan.desiredFor": { nodeId },
    "plan.claim": { planId, claimant: "walk" },
    "plan.markSent": { planId },
    "plan.recordResult": { planId, generation, ok: true, reason: null },
    "decision.get": { decisionId },
    "decision.ingest": { entries: [entry(randomUUID(), 0, randomUUID())] },
    "decision.reach": { sandboxId },
    "command.complete": {
      commandId: randomUUID(),
      result: { exitCode: 0, stdout: "", stderr: "", truncated: false, error: null },
    },
  };
  if (name.startsWith("sso.")) Object.assign(inputs, await ssoInputs());
  if (name.startsWith("device.")) inputs[name] = await deviceInput(fleet, acme, name);
  inputs["auth.prove"] = { password: PASSWORD };
  inputs["auth.setPassword"] = { next: `${PASSWORD} of my own` };
  inputs["org.resetOwner"] = { slug: "acme", email: acme.email, password: PASSWORD };
  inputs["auth.confirmTotp"] = { code: "000000" };
  inputs["secret.create"] = { name: `WALK_${randomUUID().slice(0, 8)}`, value: "a value of the walk" };
  inputs["secret.rotate"] = { secretId, value: "another value of the walk" };
  inputs["secret.bind"] = { secretId, sandboxId };
  inputs["secret.unbind"] = { bindingId };
  inputs["secret.sealPlan"] = { planId, sealTo: makeSealingKey().publicKey };
  for (const verb of ["get", "remove"]) inputs[`secret.${verb}`] = { secretId };
  const scope = { binary: "/usr/bin/curl", host: "api.example.com", port: 443 };
  inputs["exception.grant"] = { sandboxIds: [sandboxId], ...scope, reason: "walk" };
  inputs["exception.end"] = { exceptionId };
  inputs["agentRequest.ask"] = {
    requests: [{ ...scope, id: randomUUID(), sandboxId, reason: "walk", again: true }],
  };
  inputs["agentRequest.look"] = { requestIds: [exceptionIds.requestId] };
  inputs["agentRequest.answer"] = { requestId: exceptionIds.requestId, verdict: "deny" };
  inputs["inbox.allow"] = { groupKey };
  inputs["inbox.dismiss"] = { groupKey, reason: "walk" };
  inputs["inbox.restore"] = { groupKey };
  inputs["sandbox.kill"] = { sandboxId, reason: "walk", to: "quarantined" };
  inputs["sandbox.killAll"] = { nodeId, reason: "walk" };
  inputs["sandbox.release"] = { sandboxId, reason: "walk" };
  const channel = { name: "walk", target: { kind: "email", address: "walk@acme.example" }, topics: ["node.revoke"] };
  inputs["notice.createChannel"] = channel;
  inputs["notice.createMyChannel"] = channel;
  for (const verb of ["removeChannel", "testChannel", "removeMyChannel", "testMyChannel"])
    inputs[`notice.${verb}`] = { channelId: verb.includes("My") ? ids.myChannelId : ids.channelId };
  inputs["notice.claim"] = { orgId: acme.orgId, deliveryId: randomUUID() };
  inputs["notice.recordOutcome"] = { orgId: acme.orgId, deliveryId: randomUUID(), outcome: { sent: true } };
  for (const verb of ["start", "stop", "restart", "remove"]) inputs[`sandbox.${verb}`] = { sandboxId };
  return inputs[name] ?? changes.inputs[name] ?? {};
}

/** An answer without the ids that its caller put into the question: to hear one's own words back tells nothing. */
const echoless = (told: string, input: unknown): string =>
  (JSON.stringify(input).match(UUID) ?? []).reduce((text, id) => text.replaceAll(id, "asked"), told);

/** Acme's owner, signed in at another org. */
async function fromElsewhere(): Promise<Actor> {
  const elsewhere = await makeOrg(fleet, `walk-${randomUUID().slice(0, 8)}`);
  const ctx = fleet.ctx(elsewhere.as("owner"));
  const { token } = await invitation.create({ ctx, input: { email: acme.email, role: "viewer" } });
  return await actorOf(
    fleet,
    (await invitation.accept({ ctx: fleet.ctx(null), input: { token, password: PASSWORD } })).token,
  );
}

/** What these verbs take of a change that is due. */
const pick = (due: { orgId: string; changeId: string }, name: string): object => {
  if (name === "change.sweep") return {};
  return name === "change.applyNow" ? { changeId: due.changeId } : due;
};

/** A replaced value whose time is over. */
async function endOverlap(): Promise<void> {
  const input = { secretId: secretIds.secretId, value: "one more value of the walk", overlapMinutes: 1 };
  await secret.rotate({ ctx: fleet.ctx(acme.as("owner")), input });
  fleet.clock.now = new Date(fleet.clock.now.getTime() + 60_000);
}

/** What was denied longer ago than anybody can ask for. */
async function countLongAgo(): Promise<void> {
  const { orgId } = acme;
  const old = new Date(fleet.clock.now.getTime() - 40 * 86_400_000);
  const [known] = await withOrg(fleet.db, orgId, (tx) => tx.select().from(tables.deniedGroups).limit(1));
  if (known === undefined) throw new Error("nothing was denied on this walk");
  const row = { ...known, day: old.toISOString().slice(0, 10), firstAt: old, lastAt: old };
  await withOrg(fleet.db, orgId, (tx) => tx.insert(tables.deniedGroups).values(row));
}

/** What the world sees: an answer, or an error as bytes. */
async function answer(name: string, actor: Actor | null, input: unknown): Promise<string> {
  const verb = verbRegistry.get(name);
  if (verb === undefined) throw new Error(`no verb ${name}`);
  try {
    return JSON.stringify(await verb({ ctx: fleet.ctx(actor), input }));
  } catch (error) {
    if (!(error instanceof CreelError)) throw error;
    return JSON.stringify(toPublicError(error));
  }
}
const names = [...verbRegistry.keys()];

describe.each(names)("%s", (name) => {
  const gate = verbRegistry.get(name)?.gate;
  test("refuses nobody", async () => {
    if (gate?.by === "open") return;
    expect(JSON.parse(await answer(name, null, await inputOf(name)))).toMatchObject({ status: 401 });
  });

  test("answers a wrong role byte for byte the same whether or not the thing exists", async () => {
    const wrong: Actor[] = [];
    if (gate?.by === "person")
      wrong.push(
        ...roles.filter((role) => !roleMay(role, gate.action, gate.on)).map((role) => acme.as(role)),
        host.actor,
      );
    else if (gate?.by === "member") wrong.push(host.actor);
    else if (gate?.by !== "open" && gate?.by !== "self") wrong.push(acme.as("owner"));
    const input = await inputOf(name);
    const never = JSON.parse(JSON.stringify(input).replace(UUID, () => randomUUID()));
    for (const actor of wrong) {
      const told = await answer(name, actor, input);
      expect([403, 404]).toContain(JSON.parse(told).status);
      expect(await answer(name, actor, never)).toBe(told);
    }
  });

  test("tells whose scope misses the thing what it tells of things that do not exist", async () => {
    if (gate?.by !== "person" || KNOWS_VOTERS.has(name)) return;
    const input = await inputOf(name);
    const elsewhere = await outsider.actor();
    const told = await answer(name, elsewhere, input);
    const never = JSON.parse(JSON.stringify(input).replace(UUID, () => randomUUID()));
    if (JSON.stringify(input).match(UUID)) expect(await answer(name, elsewhere, never)).toBe(told);
    // Whatever it is: no row, no count and no name of what lies outside.
    const { status, items, ...rest } = JSON.parse(told);
    if (status === undefined) {
      expect(items ?? []).toEqual([]);
      expect(JSON.stringify(rest)).not.toMatch(/demo|host-1|acme/);
    } else expect([400, 403, 404, 422]).toContain(status);
  });

  test("tells another org nothing of what is there", async () => {
    const input = await inputOf(name);
    if (gate?.by === "open" || gate?.by === "system" || !JSON.stringify(input).match(UUID)) return;
    const never = JSON.parse(JSON.stringify(input).replace(UUID, () => randomUUID()));
    const byPeople = gate?.by === "person" || gate?.by === "self" || gate?.by === "member";
    const actor = byPeople ? globex.as("owner") : stranger.actor;
    const told = echoless(await answer(name, actor, input), input);
    expect(told).toBe(echoless(await answer(name, actor, never), never));
  });
});

test("another org's decision ids lead nowhere", async () => {
  for (const name of ["decision.get", "policy.proposeAllow", "policy.proposeDeny", "policy.explain"])
    expect(JSON.parse(await answer(name, globex.as("owner"), await inputOf(name)))).toMatchObject({ status: 404 });
});

test("every mutation leaves an audit row", async () => {
  // Counted in the database: a page of them is full one day, and from then on every verb would look silent.
  const rows = () => withOrg(fleet.db, acme.orgId, (tx) => tx.$count(tables.auditEvents));
  const actors = {
    person: acme.as("owner"),
    self: acme.as("owner"),
    member: acme.as("owner"),
    node: host.actor,
    hub: host.actor,
    system,
    open: null,
  };
  // What ends things comes last.
  const last = [
    "approvalPolicy.remove",
    "secret.remove",
    "notice.removeChannel",
    "notice.removeMyChannel",
    "sso.removeDomain",
    "sso.remove",
    "team.removeMember",
    "grant.end",
    "role.remove",
    "team.remove",
    "member.remove",
    "token.revoke",
    "sandbox.remove",
    "node.disconnected",
    "node.revoke",
  ];
  // Somebody who signed in a moment ago, and in an order in which each finds what it needs.
  const factors = ["auth.prove", "auth.beginTotp", "auth.confirmTotp", "auth.newRecoveryCodes", "auth.removeTotp"];
  const byProved = [...factors, "sso.save", "sso.enforce", "sso.addDomain", "sso.verifyDomain"];
  byProved.push("sso.removeDomain", "sso.remove", "org.create", "device.approve");
  const { token: signedIn } = JSON.parse(await answer("auth.signIn", null, await inputOf("auth.signIn")));
  const proved = await auth.resolveSession({ ctx: fleet.ctx(null), input: { token: signedIn } });
  let offered = "";
  let opened: Actor | null = null;
  const mutations = names.filter(
    (name) => verbRegistry.get(name)?.kind === "mutation" && !last.includes(name) && !factors.includes(name),
  );
  const silent: string[] = [];
  for (const name of [...factors, ...mutations, ...last]) {
    const gate = verbRegistry.get(name)?.gate;
    if (gate === undefined || UNAUDITED.has(name)) continue;
    const input =
      name === "auth.signOut"
        ? { token: JSON.parse(await answer("auth.signIn", null, await inputOf("auth.signIn"))).token }
        : await inputOf(name);
    if (name === "invitation.accept")
      Object.assign(input ?? {}, {
        token: JSON.parse(await answer("invitation.create", acme.as("owner"), await inputOf("invitation.create")))
          .token,
      });
    if (name === "node.enroll" && typeof input === "object")
      Object.assign(input ?? {}, { secret: await joinSecret(fleet, acme) });
    if (name === "secret.sweep") await endOverlap();
    if (name === "inbox.sweep") await countLongAgo();
    if (name === "change.sweep" || name === "change.settleOne" || name === "change.applyNow") {
      Object.assign(input ?? {}, pick(await changes.scheduled(), name));
      fleet.clock.now = new Date(fleet.clock.now.getTime() + 60_000);
    }
    if (name === "auth.confirmTotp") Object.assign(input ?? {}, { code: codeOf(offered, fleet.clock.now) });
    // What asks for an open sign-in finds one, whatever ended the first; a row of such verbs shares it.
    const asksOpen = /^(sso|device)\.|^org\.create$/.test(name);
    opened = asksOpen ? (opened ?? (await ownerSignedIn(fleet, acme))) : null;
    const proves = opened ?? proved;
    const by = name === "auth.switchOrg" ? await fromElsewhere() : byProved.includes(name) ? proves : actors[gate.by];
    const before = await rows();
    const told = await answer(name, by, input);
    if (name === "auth.beginTotp") offered = JSON.parse(told).secret;
    if ((await rows()) === before && name !== "org.bootstrap") silent.push(`${name}: ${told}`);
  }
  expect(silent).toEqual([]);
  const founded = await org.bootstrap({
    ctx: fleet.ctx(system),
    input: { slug: "walk", name: "Walk", ownerEmail: "o@walk.example", ownerPassword: PASSWORD },
  });
  const owner: Actor = {
    kind: "user",
    userId: founded.userId,
    orgId: founded.orgId,
    grants: [grantOfRole("owner")],
    email: "o@walk.example",
  };
  expect((await audit.list({ ctx: fleet.ctx(owner), input: { action: "org.bootstrap" } })).items).toHaveLength(1);
  // Every verb there is, one after the other.
});

test("who may do what is the checked-in table", async () => {
  const lines = resourceKinds.flatMap((kind) =>
    roles.map(
      (role) =>
        `${kind.padEnd(17)} ${role.padEnd(15)} ${kindActions[kind].map((action) => (roleMay(role, action, kind) ? action : "-")).join(" ")}`,
    ),
  );
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("./fixtures/rights.txt");
});
