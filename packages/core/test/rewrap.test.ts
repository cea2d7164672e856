import { randomBytes } from "node:crypto";
import { makeSealingKey, openSealed } from "@creel/protocol/sealing";
import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  type Actor,
  auth,
  type Ctx,
  createKeySealer,
  invitation,
  member,
  notice,
  plan,
  policy,
  type Sealer,
  sandbox,
  secret,
  sso,
  token,
} from "../src/index.ts";
import { RETRY_WAITS_MS } from "../src/notice/limits.ts";
import { applied } from "./support/applied.ts";
import { codeOf } from "./support/authenticator.ts";
import { type Fleet, makeNode, makeOrg, openFleet, PASSWORD, system } from "./support/fleet.ts";
import { type Issuer, openIssuer } from "./support/issuer.ts";
import { openHouse, settings, signInBy, verify } from "./support/sso.ts";

const VALUE = "ghp_the-first-value-0123456789";
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
let issuer: Issuer;
beforeAll(async () => {
  fleet = await openFleet();
});
afterAll(async () => await fleet?.close());

/** The deployment with one key file or another: all that differs is what opens and seals. */
const under = (seal: Sealer): Fleet => ({
  ...fleet,
  ctx: (actor: Actor | null): Ctx => ({ ...fleet.ctx(actor), seal }),
});
const pass = (ms: number) => {
  fleet.clock.now = new Date(fleet.clock.now.getTime() + ms);
};
/** Nine passwords are hashed on the way, each as slowly as it must be. */
const WHOLE_MS_MAX = 120_000;
const NONE = { versions: 0, keys: 0, channels: 0, providers: 0, authenticators: 0 };
let keys: { old: Sealer; both: Sealer; fresh: Sealer };

beforeEach(async () => {
  fleet.clock.now = new Date();
  const [before, after] = [randomBytes(32), randomBytes(32)];
  keys = {
    old: createKeySealer(before),
    both: createKeySealer(after, before),
    fresh: createKeySealer(after),
  };
});

/** Somebody who signed in a moment ago and uses an authenticator from now on; answers its secret. */
async function withCodes(at: Fleet, email: string): Promise<string> {
  const { token: session } = await auth.signIn({ ctx: at.ctx(null), input: { email, password: PASSWORD } });
  const actor = await auth.resolveSession({ ctx: at.ctx(null), input: { token: session } });
  const begun = await auth.beginTotp({ ctx: at.ctx(actor), input: {} });
  const code = codeOf(begun.secret, fleet.clock.now);
  await auth.confirmTotp({ ctx: at.ctx(actor), input: { code } });
  return begun.secret;
}

test(
  "once all is sealed under a new key the former one is not needed: each kind of sealed thing opens without it",
  async () => {
    const [at, fresh] = [under(keys.old), under(keys.fresh)];
    const acme = await makeOrg(at, "acme");
    const owner = acme.as("owner");
    issuer = await openIssuer([`https://creel.example/api/auth/sso/callback/${acme.orgId}`]);
    const proven = () => ({ ...owner, provedAt: fleet.clock.now });

    // A value, and the authority of the nodes.
    const host = await makeNode(at, acme, "host-1");
    const { id: secretId } = await secret.create({ ctx: at.ctx(owner), input: { name: "TOKEN", value: VALUE } });
    const { id: policyId } = applied(
      await policy.create({
        ctx: at.ctx(owner),
        input: { name: "api", yaml: POLICY, message: "" },
      }),
    );
    const agent = { plugin: "command" as const, command: ["true"] };
    const input = { name: "worker", nodeId: host.nodeId, policyId, agent };
    const { id: sandboxId } = await sandbox.create({ ctx: at.ctx(owner), input });
    await secret.bind({ ctx: at.ctx(owner), input: { secretId, sandboxId } });
    // A channel, and one that is no longer there.
    const hook = { kind: "webhook" as const, url: "https://hooks.example.com/secret-path" };
    const channel = { name: "ops", target: hook, topics: ["token.create" as const] };
    const { channel: gone } = await notice.createChannel({ ctx: at.ctx(owner), input: channel });
    await notice.removeChannel({ ctx: at.ctx(owner), input: { channelId: gone.id } });
    await notice.createChannel({ ctx: at.ctx(owner), input: channel });
    // A provider with a domain.
    const house = openHouse(at, [issuer]);
    await sso.save({ ctx: house.ctx(proven()), input: settings(issuer) });
    await verify(house, acme, "acme.example");
    // People who use codes: the owner, somebody who was removed since, and one of another org alone.
    const ownersCodes = await withCodes(at, acme.email);
    const globex = await makeOrg(at, "globex");
    const othersCodes = await withCodes(at, globex.email);
    const email = "former@elsewhere.example";
    const invited = await invitation.create({ ctx: at.ctx(owner), input: { email, role: "viewer" } });
    const asked = { token: invited.token, name: "Former", password: PASSWORD };
    await invitation.accept({ ctx: at.ctx(null), input: asked });
    const formersCodes = await withCodes(at, email);
    const { items } = await member.list({ ctx: at.ctx(owner), input: {} });
    const former = items.find((each) => each.email === email);
    await member.remove({ ctx: at.ctx(owner), input: { userId: former?.userId ?? "" } });

    const rewrapIn = async (seal: Sealer, of = owner) => await secret.rewrap({ ctx: under(seal).ctx(of), input: {} });
    await expect(rewrapIn(keys.fresh)).rejects.toMatchObject({ code: "internal" });
    expect(await rewrapIn(keys.both)).toEqual({ versions: 1, keys: 1, channels: 1, providers: 1, authenticators: 2 });
    expect(await rewrapIn(keys.both)).toEqual(NONE);
    // Another org's own are its own call's.
    expect(await rewrapIn(keys.both, globex.as("owner"))).toEqual({ ...NONE, authenticators: 1 });

    // From here on the former line is gone from the key file.
    const key = makeSealingKey();
    const desired = await plan.desiredFor({ ctx: fresh.ctx(host.actor), input: { nodeId: host.nodeId } });
    const planId = desired?.planId ?? "";
    const sealed = await secret.sealPlan({ ctx: fresh.ctx(host.actor), input: { planId, sealTo: key.publicKey } });
    expect(sealed.unreadable).toEqual([]);
    const { generation, sandboxes } = sealed.desired;
    const [credential] = sandboxes.find(({ id }) => id === sandboxId)?.credentials ?? [];
    const place = { nodeId: host.nodeId, generation, sandboxId, secretId, name: "TOKEN", version: 1 };
    expect(openSealed(key.privatePem, credential?.sealed ?? "", place)).toBe(VALUE);

    expect((await makeNode(fresh, acme, "host-2")).certificatePem).toMatch(/^-----BEGIN CERTIFICATE/);

    await token.create({ ctx: fresh.ctx(owner), input: { name: "ci", role: "viewer" } });
    const [delivery] = await notice.due({ ctx: fresh.ctx(system), input: {} });
    const claimed = await notice.claim({ ctx: fresh.ctx(system), input: delivery ?? { orgId: "", deliveryId: "" } });
    expect(claimed?.channel).toMatchObject(hook);

    issuer.people.set("s-1", { email: "alice@acme.example", email_verified: true, name: "Alice" });
    const later = { ...openHouse(fresh, [issuer]), records: house.records };
    const entered = await signInBy(later, issuer, { email: "alice@acme.example", subject: "s-1" });
    expect(entered.user.email).toBe("alice@acme.example");

    pass(60_000);
    for (const [who, codes] of [
      [acme.email, ownersCodes],
      [globex.email, othersCodes],
    ] as const) {
      const input = { email: who, password: PASSWORD, code: codeOf(codes, fleet.clock.now) };
      expect((await auth.signIn({ ctx: fresh.ctx(null), input })).user.email).toBe(who);
    }
    // Who was in no org comes back by an invitation, and by the codes they have.
    const again = await invitation.create({ ctx: fresh.ctx(owner), input: { email, role: "viewer" } });
    const back = {
      token: again.token,
      password: PASSWORD,
      code: codeOf(formersCodes, fleet.clock.now),
    };
    await invitation.accept({ ctx: fresh.ctx(null), input: back });
    await issuer.close();
  },
  WHOLE_MS_MAX,
);

test("what is sealed is known by name: another column of its kind has to be taken along, or to be said here", async () => {
  const database = postgres(fleet.ownerUrl, { max: 1, prepare: false });
  const rows = await database`
    select table_name || '.' || column_name as name from information_schema.columns
    where table_schema = 'public' and column_name ~ '^(sealed|wrapped|encrypted|pending)_' order by 1`;
  await database.end();
  expect(rows.map(({ name }) => name)).toEqual(
    [
      "identity_providers.sealed_client_secret",
      "notice_channels.sealed_target",
      "org_keys.sealed_key",
      // When the next one was offered: no secret.
      "user_totp.pending_at",
      // Lives for minutes: emptied, and the person begins again.
      "user_totp.pending_secret",
      "user_totp.sealed_secret",
      // Under a key of its own, which is the one in `wrapped_key`.
      "secret_versions.sealed_value",
      "secret_versions.wrapped_key",
    ].sort(),
  );
});

test("a channel whose target no key opens counts its tries, is given up and holds nobody else up", async () => {
  const at = under(keys.old);
  const initech = await makeOrg(at, "initech");
  const owner = initech.as("owner");
  const target = { kind: "webhook" as const, url: "https://hooks.example.com/secret-path" };
  await notice.createChannel({ ctx: at.ctx(owner), input: { name: "ops", target, topics: ["token.create"] } });
  await token.create({ ctx: at.ctx(owner), input: { name: "ci", role: "viewer" } });
  const fresh = under(keys.fresh);
  const mine = async () =>
    (await notice.due({ ctx: fresh.ctx(system), input: {} })).filter(({ orgId }) => orgId === initech.orgId);
  const [delivery] = await mine();
  if (delivery === undefined) throw new Error("nothing was due");
  expect(await notice.claim({ ctx: fresh.ctx(system), input: delivery })).toBe(null);
  expect(await mine()).toEqual([]);
  for (const wait of RETRY_WAITS_MS) {
    // Past the wait, and past what spreads it.
    pass(wait * 2);
    await notice.claim({ ctx: fresh.ctx(system), input: delivery });
  }
  pass(2 * Math.max(...RETRY_WAITS_MS));
  expect(await mine()).toEqual([]);
  const { items } = await notice.listChannels({ ctx: fresh.ctx(owner), input: {} });
  expect(items[0]?.lastReason).toMatch(/sealed under a key that is not in/);
});
