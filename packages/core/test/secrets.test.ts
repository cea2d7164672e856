import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eq, newId, tables, withOrg } from "@creel/db";
import { CREDENTIALS_MAX, type DesiredState } from "@creel/protocol";
import { makeSealingKey, openSealed } from "@creel/protocol/sealing";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { permissions as permissionsOfAll } from "../src/authz/roles.ts";
import {
  audit,
  CreelError,
  createKeySealer,
  createSealer,
  decision,
  grant,
  plan,
  policy,
  role,
  type Sealer,
  sandbox,
  secret,
} from "../src/index.ts";
import { openValue, sealValue } from "../src/secret/envelope.ts";
import { applied } from "./support/applied.ts";
import { type Fleet, makeNode, makeOrg, openFleet, system, type TestNode, type TestOrg } from "./support/fleet.ts";
import { entry } from "./support/journal.ts";
import { addPerson } from "./support/people.ts";

const VALUE = "ghp_the-first-value-0123456789";
const NEXT = "ghp_the-second-value-0123456789";
const POLICY = `version: 1
network_policies:
  api:
    name: api
    endpoints:
      - { host: api.example.com, port: 443, protocol: rest, access: full }
    binaries: [{ path: /usr/bin/curl }]
credentials:
  TOKEN:
    endpoints: [{ host: api.example.com, port: 443, path: /v1/** }]
`;

let fleet: Fleet;
let acme: TestOrg;
let globex: TestOrg;
let host: TestNode;
let second: TestNode;
let stranger: TestNode;
let policyId = "";
const key = makeSealingKey();
const owner = () => fleet.ctx(acme.as("owner"));

beforeAll(async () => {
  fleet = await openFleet();
  [acme, globex] = [await makeOrg(fleet, "acme"), await makeOrg(fleet, "globex")];
  [host, second, stranger] = [
    await makeNode(fleet, acme, "host-1"),
    await makeNode(fleet, acme, "host-2"),
    await makeNode(fleet, globex, "host-1"),
  ];
  policyId = applied(await policy.create({ ctx: owner(), input: { name: "api", yaml: POLICY, message: "" } })).id;
});
afterAll(async () => await fleet?.close());

const box = async (name: string, of = policyId, nodeId = host.nodeId) =>
  (
    await sandbox.create({
      ctx: owner(),
      input: { name, nodeId, policyId: of, agent: { plugin: "command", command: ["true"] } },
    })
  ).id;
const desired = async (node = host): Promise<DesiredState> => {
  const found = await plan.desiredFor({ ctx: fleet.ctx(node.actor), input: { nodeId: node.nodeId } });
  if (found === null) throw new Error("no plan");
  return found;
};
const sealed = async (node = host, ctx = fleet.ctx(node.actor)) => {
  const { planId } = await desired(node);
  return await secret.sealPlan({ ctx, input: { planId, sealTo: key.publicKey } });
};
/** What the node's gateway would read of its plan. */
const valuesOn = async (sandboxId: string, node = host) => {
  const { desired: state } = await sealed(node);
  const { generation, sandboxes } = state;
  const open = (credential: { secretId: string; name: string }, version: number, text: string | undefined) =>
    text === undefined
      ? null
      : openSealed(key.privatePem, text, { nodeId: node.nodeId, generation, sandboxId, ...pick(credential), version });
  return (sandboxes.find(({ id }) => id === sandboxId)?.credentials ?? []).map((credential) => ({
    name: credential.name,
    value: open(credential, credential.version, credential.sealed),
    former: (credential.former ?? []).map((each) => open(credential, each.version, each.sealed)),
  }));
};
const pick = ({ secretId, name }: { secretId: string; name: string }) => ({ secretId, name });
const refused = async (work: Promise<unknown>): Promise<string> =>
  await work.then(
    () => "done",
    (error: unknown) => (error instanceof CreelError ? error.code : String(error)),
  );
/** Everything the database holds, as text. */
async function dump(): Promise<string> {
  const superuser = postgres(fleet.ownerUrl, { max: 1, prepare: false });
  try {
    const tables = await superuser`select tablename from pg_tables where schemaname in ('public', 'bullmq')`;
    await superuser`set row_security = off`.catch(() => undefined);
    const parts = [];
    for (const { tablename } of tables) {
      const name = superuser(String(tablename));
      await superuser`alter table ${name} no force row level security`.catch(() => undefined);
      parts.push(JSON.stringify(await superuser`select * from ${name}`));
    }
    return parts.join("\n");
  } finally {
    await superuser.end();
  }
}

describe("a secret", () => {
  let id = "";
  let bound = "";
  let bindingId = "";

  test("that no binding and no policy speaks of reaches no plan", async () => {
    const made = await secret.create({
      ctx: owner(),
      input: { name: "TOKEN", value: VALUE, description: "for the API" },
    });
    id = made.id;
    expect(made).toMatchObject({ name: "TOKEN", version: 1, bindings: 0, lastUsedAt: null });
    bound = await box("worker");
    expect(await valuesOn(bound)).toEqual([]);
  });

  test("that is bound is named in the plan with a placeholder, and its value is in no row of it", async () => {
    ({ bindingId } = applied(await secret.bind({ ctx: owner(), input: { secretId: id, sandboxId: bound } })));
    const [credential] = (await desired()).sandboxes.find((each) => each.id === bound)?.credentials ?? [];
    expect(credential).toMatchObject({ name: "TOKEN", secretId: id, version: 1 });
    expect(credential).not.toHaveProperty("sealed");
    expect(credential?.placeholder).toMatch(/^creel-placeholder-TOKEN-[0-9a-f]{32}$/);
    expect(await valuesOn(bound)).toEqual([{ name: "TOKEN", value: VALUE, former: [] }]);
  });

  test("gives each sandbox another placeholder, and the same one over plans", async () => {
    const other = await box("worker-2");
    await secret.bind({ ctx: owner(), input: { secretId: id, sandboxId: other } });
    const of = async () =>
      (await desired()).sandboxes.flatMap(({ credentials }) => credentials?.map((c) => c.placeholder) ?? []);
    const before = await of();
    expect(new Set(before).size).toBe(2);
    await sandbox.restart({ ctx: owner(), input: { sandboxId: other } });
    expect(await of()).toEqual(before);
    await sandbox.remove({ ctx: owner(), input: { sandboxId: other } });
  });

  test("is not sealed for a sandbox that is stopped, nor for one whose policy names no place for it", async () => {
    const silent = await box("silent", acme.policyId);
    await secret.bind({ ctx: owner(), input: { secretId: id, sandboxId: silent } });
    expect(await valuesOn(silent)).toEqual([{ name: "TOKEN", value: null, former: [] }]);
    await sandbox.stop({ ctx: owner(), input: { sandboxId: bound } });
    expect(await valuesOn(bound)).toEqual([{ name: "TOKEN", value: null, former: [] }]);
    await sandbox.start({ ctx: owner(), input: { sandboxId: bound } });
  });

  test("bound by labels goes to those whose labels all fit, a node's winning over the sandbox's own", async () => {
    const labelled = await secret.create({ ctx: owner(), input: { name: "LABELLED", value: VALUE } });
    await secret.bind({
      ctx: owner(),
      input: { secretId: labelled.id, scope: { env: ["prod", "staging"], team: ["pay"] } },
    });
    const one = await box("pay-1", policyId, second.nodeId);
    const superuser = postgres(fleet.ownerUrl, { max: 1, prepare: false });
    const label = async (own: object, node: object) => {
      await superuser`alter table sandboxes no force row level security`;
      await superuser`alter table nodes no force row level security`;
      await superuser`update sandboxes set labels = ${superuser.json({ ...own })} where id = ${one}`;
      await superuser`update nodes set labels = ${superuser.json({ ...node })} where id = ${second.nodeId}`;
      await superuser`alter table sandboxes force row level security`;
      await superuser`alter table nodes force row level security`;
      await sandbox.restart({ ctx: owner(), input: { sandboxId: one } });
      return (await valuesOn(one, second)).map(({ name }) => name);
    };
    expect(await label({ env: "prod", team: "pay" }, {})).toEqual(["LABELLED"]);
    expect(await label({ team: "pay" }, { env: "staging" })).toEqual(["LABELLED"]);
    expect(await label({ env: "prod", team: "pay" }, { env: "dev" })).toEqual([]);
    expect(await label({ env: "prod" }, {})).toEqual([]);
    await superuser.end();
    await secret.remove({ ctx: owner(), input: { secretId: labelled.id } });
  });

  test("that is rotated is known in both values for the overlap, and then in the new one alone", async () => {
    const view = await secret.rotate({ ctx: owner(), input: { secretId: id, value: NEXT, overlapMinutes: 5 } });
    expect(view).toMatchObject({ version: 2, formerUntil: "2026-05-03T10:05:00.000Z" });
    expect(await valuesOn(bound)).toEqual([{ name: "TOKEN", value: NEXT, former: [VALUE] }]);
    fleet.clock.now = new Date("2026-05-03T10:05:00.000Z");
    expect(await secret.sweep({ ctx: fleet.ctx(system), input: {} })).toEqual({ ended: 1 });
    expect(await valuesOn(bound)).toEqual([{ name: "TOKEN", value: NEXT, former: [] }]);
    expect(await secret.sweep({ ctx: fleet.ctx(system), input: {} })).toEqual({ ended: 0 });
    const { versions } = await secret.get({ ctx: owner(), input: { secretId: id } });
    expect(versions.map(({ version, endedAt }) => [version, endedAt !== null])).toEqual([
      [2, false],
      [1, true],
    ]);
  });

  test("that is rotated without an overlap has no former value at once", async () => {
    await secret.rotate({ ctx: owner(), input: { secretId: id, value: VALUE, overlapMinutes: 0 } });
    expect(await valuesOn(bound)).toEqual([{ name: "TOKEN", value: VALUE, former: [] }]);
  });

  test("says who may send it where, and when it was used last by a sandbox that may", async () => {
    const said = { ...entry(randomUUID(), 0, bound), boot: randomUUID() };
    if (said.type !== "decision") throw new Error("not a decision");
    const use = (credentials: string[], verdict: "allow" | "deny") => ({
      ...said,
      boot: randomUUID(),
      record: { ...said.record, credentials, decision: verdict },
    });
    const lastUsed = async () => (await secret.get({ ctx: owner(), input: { secretId: id } })).lastUsedAt;
    await decision.ingest({
      ctx: fleet.ctx(host.actor),
      input: { entries: [use(["TOKEN"], "deny"), use(["OTHER"], "allow")] },
    });
    expect(await lastUsed()).toBe(null);
    await decision.ingest({ ctx: fleet.ctx(host.actor), input: { entries: [use(["TOKEN"], "allow")] } });
    expect(await lastUsed()).toBe("2026-05-03T09:59:00.000Z");
    const { items } = await decision.list({ ctx: owner(), input: {} });
    expect(items.filter(({ credentials }) => credentials?.includes("TOKEN"))).toHaveLength(2);
    const { users } = await secret.get({ ctx: owner(), input: { secretId: id } });
    expect(users.find(({ name }) => name === "worker")?.places).toEqual([
      { host: "api.example.com", ports: [443], path: "/v1/**" },
    ]);
    expect(users.find(({ name }) => name === "silent")?.places).toEqual([]);
  });

  test("that is unbound is named in the next plan no more", async () => {
    await secret.unbind({ ctx: owner(), input: { bindingId } });
    expect(await valuesOn(bound)).toEqual([]);
    ({ bindingId } = applied(await secret.bind({ ctx: owner(), input: { secretId: id, sandboxId: bound } })));
  });

  test("that was unbound between a plan and its delivery is not sealed", async () => {
    const before = await desired();
    await secret.unbind({ ctx: owner(), input: { bindingId } });
    const told = await secret.sealPlan({
      ctx: fleet.ctx(host.actor),
      input: { planId: before.planId, sealTo: key.publicKey },
    });
    const credentials = told.desired.sandboxes.find((each) => each.id === bound)?.credentials;
    expect(credentials).toHaveLength(1);
    expect(credentials?.[0]).not.toHaveProperty("sealed");
    await secret.bind({ ctx: owner(), input: { secretId: id, sandboxId: bound } });
  });
});

describe("attacks", () => {
  test("no row of the database holds a value, whole, in base64 or in hex, nor does an audit row or a view", async () => {
    const views = [
      await secret.list({ ctx: owner(), input: {} }),
      await audit.list({ ctx: owner(), input: { limit: 500 } }),
      ...(await Promise.all(
        (
          await secret.list({ ctx: owner(), input: {} })
        ).items.map(({ id }) => secret.get({ ctx: owner(), input: { secretId: id } })),
      )),
    ];
    const everything = (await dump()) + JSON.stringify(views);
    expect(everything).toContain("creel-placeholder-TOKEN-");
    expect(everything).toContain("secret.rotate");
    for (const value of [VALUE, NEXT]) {
      const bytes = Buffer.from(value);
      for (const form of [value, bytes.toString("base64"), bytes.toString("base64url"), bytes.toString("hex")])
        expect(everything).not.toContain(form);
      expect(everything).not.toContain(createHash("sha256").update(value).digest("hex"));
    }
  });

  test("another node, and another org's node, get nothing of a plan that is not theirs", async () => {
    const { planId } = await desired();
    for (const node of [second, stranger]) {
      const asked = secret.sealPlan({ ctx: fleet.ctx(node.actor), input: { planId, sealTo: key.publicKey } });
      expect(await refused(asked)).toBe("not_found");
    }
  });

  test("nobody of another org sees, rotates, binds or removes it; nor does an auditor see that it is there", async () => {
    const [first] = (await secret.list({ ctx: owner(), input: {} })).items;
    const secretId = first?.id ?? "";
    const sandboxId = (await sandbox.list({ ctx: owner(), input: {} })).items[0]?.id ?? "";
    const theirs = fleet.ctx(globex.as("owner"));
    expect((await secret.list({ ctx: theirs, input: {} })).items).toEqual([]);
    for (const attempt of [
      () => secret.get({ ctx: theirs, input: { secretId } }),
      () => secret.rotate({ ctx: theirs, input: { secretId, value: NEXT } }),
      () => secret.bind({ ctx: theirs, input: { secretId, sandboxId } }),
      () => secret.remove({ ctx: theirs, input: { secretId } }),
    ])
      expect(await refused(attempt())).toBe("not_found");
    expect(await refused(secret.list({ ctx: fleet.ctx(acme.as("auditor")), input: {} }))).toBe("not_found");
  });

  test("who may bind secrets binds none to a sandbox that they may not see", async () => {
    const [first] = (await secret.list({ ctx: owner(), input: {} })).items;
    const sandboxId = (await sandbox.list({ ctx: owner(), input: {} })).items[0]?.id ?? "";
    const permissions = permissionsOfAll.filter((permission) => permission.startsWith("secret:"));
    const { id: binder } = await role.create({ ctx: owner(), input: { name: "binder", permissions } });
    const person = await addPerson(fleet, acme, { name: "binder", role: "viewer", scope: { env: ["elsewhere"] } });
    await grant.give({ ctx: owner(), input: { userId: person.userId, role: binder } });
    const ctx = fleet.ctx(await person.actor());
    const attempt = secret.bind({ ctx, input: { secretId: first?.id ?? "", sandboxId } });
    expect(await refused(attempt)).toBe("not_found");
  });

  test("a value that could not be found in answers, or is too long, is refused in words that do not quote it", async () => {
    for (const value of ["short77", "x".repeat(16 * 1024 + 1), "with a zero\0 byte", "half \ud800 a sign"]) {
      const failed = await secret
        .create({ ctx: owner(), input: { name: "BAD", value } })
        .catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(CreelError);
      expect(JSON.stringify([(failed as CreelError).publicMessage, (failed as CreelError).details])).not.toContain(
        value,
      );
    }
    for (const value of ["x".repeat(8), "x".repeat(16 * 1024)]) {
      const { id } = await secret.create({ ctx: owner(), input: { name: "GOOD", value } });
      await secret.remove({ ctx: owner(), input: { secretId: id } });
    }
  });

  test("a removed secret leaves no value behind, and its name is free", async () => {
    const { id } = await secret.create({ ctx: owner(), input: { name: "GONE", value: VALUE } });
    await secret.remove({ ctx: owner(), input: { secretId: id } });
    expect(await refused(secret.get({ ctx: owner(), input: { secretId: id } }))).toBe("not_found");
    const superuser = postgres(fleet.ownerUrl, { max: 1, prepare: false });
    await superuser`alter table secret_versions no force row level security`;
    const rows = await superuser`select sealed_value, wrapped_key from secret_versions where secret_id = ${id}`;
    await superuser`alter table secret_versions force row level security`;
    await superuser.end();
    expect([...rows]).toEqual([{ sealed_value: null, wrapped_key: null }]);
    await secret.create({ ctx: owner(), input: { name: "GONE", value: VALUE } });
  });

  test("a sealed version moved to another secret, version or org does not open", async () => {
    const { kms } = createKeySealer(randomBytes(32));
    const place = { orgId: acme.orgId, secretId: randomUUID(), version: 1 };
    const envelope = await sealValue(kms, VALUE, place);
    expect(await openValue(kms, envelope, place)).toBe(VALUE);
    for (const moved of [{ orgId: globex.orgId }, { secretId: randomUUID() }, { version: 2 }])
      expect(await refused(openValue(kms, envelope, { ...place, ...moved }))).toBe("internal");
    const other = await sealValue(kms, NEXT, { ...place, version: 2 });
    const swapped = { ...envelope, sealedValue: other.sealedValue };
    expect(await refused(openValue(kms, swapped, place))).toBe("internal");
  });
});

describe("the deployment's key", () => {
  const withSeal = (seal: Sealer, of = owner()) => ({ ...of, seal });

  test("that was replaced is wrapped away from: after that the former one is not needed, and values are as they were", async () => {
    const [before, after] = [randomBytes(32), randomBytes(32)];
    const [old, both, fresh] = [createKeySealer(before), createKeySealer(after, before), createKeySealer(after)];
    // An org whose every key is under the first one.
    const initech = await makeOrg({ ...fleet, ctx: (actor) => withSeal(old, fleet.ctx(actor)) }, "initech");
    const theirs = (seal: Sealer) => withSeal(seal, fleet.ctx(initech.as("owner")));
    const node = await makeNode({ ...fleet, ctx: (actor) => withSeal(old, fleet.ctx(actor)) }, initech, "host-1");
    const { id } = await secret.create({ ctx: theirs(old), input: { name: "TOKEN", value: VALUE } });
    const made = applied(await policy.create({ ctx: theirs(old), input: { name: "api", yaml: POLICY, message: "" } }));
    const agent = { plugin: "command" as const, command: ["true"] };
    const worker = await sandbox.create({
      ctx: theirs(old),
      input: { name: "worker", nodeId: node.nodeId, policyId: made.id, agent },
    });
    await secret.bind({ ctx: theirs(old), input: { secretId: id, sandboxId: worker.id } });
    const readable = async (seal: Sealer) => (await sealed(node, withSeal(seal, fleet.ctx(node.actor)))).unreadable;
    expect([await readable(old), await readable(both), await readable(fresh)]).toEqual([[], [], ["TOKEN"]]);
    expect((await secret.get({ ctx: theirs(both), input: { secretId: id } })).versions[0]?.formerKey).toBe(true);

    // Without the former key nothing is half done.
    expect(await refused(secret.rewrap({ ctx: theirs(fresh), input: {} }))).toBe("internal");
    expect(await readable(old)).toEqual([]);
    expect(await secret.rewrap({ ctx: theirs(both), input: {} })).toMatchObject({ versions: 1, keys: 1 });
    expect(await secret.rewrap({ ctx: theirs(both), input: {} })).toMatchObject({ versions: 0, keys: 0 });
    expect([await readable(fresh), await readable(old)]).toEqual([[], ["TOKEN"]]);
    expect((await secret.get({ ctx: theirs(fresh), input: { secretId: id } })).versions[0]?.formerKey).toBe(false);
  });

  test("is read from a file of 32 bytes, or of lines of which the first seals", async () => {
    const dir = mkdtempSync(join(tmpdir(), "creel-key-"));
    const file = join(dir, "master.key");
    const [one, two] = [randomBytes(32), randomBytes(32)];
    writeFileSync(file, one);
    const sealedByOne = await createSealer(file).seal(Buffer.from("x"), "place");
    writeFileSync(file, `${two.toString("hex")}\n${one.toString("base64url")}\n`);
    const both = createSealer(file);
    expect(Buffer.from(await both.open(sealedByOne, "place")).toString()).toBe("x");
    expect(both.kms.keyId).toBe(createKeySealer(two).kms.keyId);
    expect(both.isOutdated(sealedByOne)).toBe(true);
    for (const text of ["", "\n", "too short", `${two.toString("hex")}\nnonsense`]) {
      writeFileSync(file, text);
      expect(() => createSealer(file)).toThrow(/is not a master key/);
    }
    rmSync(dir, { recursive: true, force: true });
  });
});

test("a label that brings too many secrets together takes the surplus away, and not the kill switch", async () => {
  const made = await sandbox.create({
    ctx: owner(),
    input: { name: "crowded", nodeId: second.nodeId, policyId, agent: { plugin: "command", command: ["true"] } },
  });
  const bindAll = async (scope: Record<string, string[]>) => {
    const names = Array.from({ length: CREDENTIALS_MAX + 1 }, (_, at) => `MANY_${at}`);
    const made = await Promise.all(names.map((name) => secret.create({ ctx: owner(), input: { name, value: VALUE } })));
    const [{ id: secretId } = { id: "" }, ...others] = made;
    await secret.bind({ ctx: owner(), input: { secretId, scope } });
    // The others are bound as the first is, as rows: one verb for each is most of what this test would cost.
    const b = tables.secretBindings;
    await withOrg(fleet.db, acme.orgId, async (tx) => {
      const [bound] = await tx.select().from(b).where(eq(b.secretId, secretId));
      if (bound === undefined) throw new Error("the first was not bound");
      await tx.insert(b).values(others.map(({ id }) => ({ ...bound, id: newId(fleet.clock.now), secretId: id })));
    });
  };
  // Nobody has the label yet, so nothing tells that it is one too many.
  await bindAll({ crowd: ["yes"] });
  await sandbox.setLabels({ ctx: owner(), input: { sandboxId: made.id, labels: { crowd: "yes" } } });
  await sandbox.kill({ ctx: owner(), input: { sandboxId: made.id, reason: "too much", to: "stopped" } });
  const desired = await plan.desiredFor({ ctx: fleet.ctx(second.actor), input: { nodeId: second.nodeId } });
  const crowded = desired?.sandboxes.find(({ id }) => id === made.id);
  expect(crowded?.state).toBe("stopped");
  expect(crowded?.credentials?.length ?? 0).toBeLessThanOrEqual(CREDENTIALS_MAX);
  const { id: secretId } = await secret.create({ ctx: owner(), input: { name: "ONE_MORE", value: VALUE } });
  const refused = secret.bind({ ctx: owner(), input: { secretId, sandboxId: made.id } });
  await expect(refused).rejects.toThrow(/may have 64/);
});
