import { randomUUID } from "node:crypto";
import { approvalPolicy } from "@creel/core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { ingest, makeJournal, tokenWithRole } from "../../web/test/support/fleet.ts";
import { fleetServer } from "./fleet-server.ts";
import { policyWorkshop } from "./policy-support.ts";

const shop = policyWorkshop();
const server = fleetServer();
const json = async (...args: string[]) => JSON.parse((await shop.creel([...args, "--json"])).out);
const SCOPE = ["--binary", "/usr/bin/curl", "--host", "api.example.com", "--port", "443"];
let keys: Record<string, string> = {};

beforeAll(async () => {
  const line = makeJournal(server.org());
  const denied = { decision: "deny" as const, rule: null, reason: "No rule names this host.", method: "POST" };
  await ingest(server.fleet(), server.org(), [
    ...["/items/1", "/items/2"].map((path) => line({ ...denied, host: "a.example.com", path })),
    line({ ...denied, host: "b.example.com", path: "/x" }),
    line({ ...denied, host: "c.example.com", path: "/pay\u202elas" }),
  ]);
  const found: { host: string; key: string }[] = await json("inbox", "ls");
  keys = Object.fromEntries(found.map(({ host, key }) => [host.slice(0, 1), key]));
});
afterEach(() => server.as(server.org().apiToken));

describe("creel inbox", () => {
  it("lists groups with their keys, and what nobody sees as its number", async () => {
    const { code, out } = await shop.creel(["inbox", "ls"]);
    expect(code).toBe(0);
    expect(out).toMatch(/KEY +TIMES +REQUEST +PROGRAM +SANDBOXES +LAST/);
    expect(out).toMatch(new RegExp(`${keys.a} +2 +POST a\\.example\\.com:443/items/\\* +/usr/bin/curl +1 `));
    expect(out).toContain("/pay\\u202elas");
    expect(out).not.toContain("\u202e");
  });

  it("lists page after page, says beside the list where to go on, and all at once where that is asked", async () => {
    const hostsOf = (out: string) => JSON.parse(out).map(({ host }: { host: string }) => host);
    const all = await shop.creel(["inbox", "ls", "--all", "--limit", "1", "--json"]);
    expect(all).toMatchObject({ code: 0, err: "" });
    expect(hostsOf(all.out).sort()).toEqual(["a.example.com", "b.example.com", "c.example.com"]);
    const met: string[] = [];
    let after: string[] = [];
    for (let pages = 0; pages < 2; pages++) {
      const page = await shop.creel(["inbox", "ls", "--limit", "1", "--json", ...after]);
      met.push(...hostsOf(page.out));
      const [, place = ""] = /^creel: there are more; go on with --after (\S+), or list --all\n$/.exec(page.err) ?? [];
      after = ["--after", place];
    }
    const last = await shop.creel(["inbox", "ls", "--limit", "2", "--json", ...after]);
    expect(last).toMatchObject({ code: 0, err: "" });
    expect([...met, ...hostsOf(last.out)].sort()).toEqual(hostsOf(all.out).sort());
  });

  it("allows a group for a while: it is in force, and out of the inbox", async () => {
    const { code, out } = await shop.creel(["inbox", "allow", keys.a ?? "", "--for", "1h", "--reason", "a release"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^[0-9a-f-]{36} until /);
    const [exception] = await json("exception", "ls");
    expect(exception).toMatchObject({ host: "a.example.com", path: "/items/*", reason: "a release", once: false });
    expect((await json("inbox", "ls")).map(({ host }: { host: string }) => host)).not.toContain("a.example.com");
  });

  it("denies for good and restores, each with 0", async () => {
    const key = keys.b ?? "";
    expect(await shop.creel(["inbox", "dismiss", key, "--reason", "telemetry"])).toMatchObject({ code: 0 });
    expect((await json("inbox", "ls", "--dismissed"))[0]).toMatchObject({ key, mark: { reason: "telemetry" } });
    expect(await shop.creel(["inbox", "restore", key])).toMatchObject({ code: 0 });
    expect(await json("inbox", "ls", "--dismissed")).toEqual([]);
  });

  it("ends with 4 where others must approve, and nothing is allowed", async () => {
    server.as(await tokenWithRole(server.fleet(), server.org(), "developer"));
    const before = (await json("exception", "ls")).length;
    const { code, out } = await shop.creel(["inbox", "allow", keys.b ?? "", "--once"]);
    expect(code).toBe(4);
    expect(out).toContain("nothing is allowed until it is approved");
    expect((await json("exception", "ls")).length).toBe(before);
  });

  it.each([
    ["a key that is none", ["inbox", "allow", "../sandboxes"]],
    ["a length of time that is none", ["inbox", "allow", "a".repeat(22), "--for", "soon"]],
    ["no reason for what is denied for good", ["inbox", "dismiss", "a".repeat(22)]],
    ["an option that there is not", ["inbox", "ls", "--everything"]],
    ["a place to go on from that is none", ["inbox", "ls", "--after", "somewhere"]],
    ["more groups than a page holds", ["inbox", "ls", "--limit", "201"]],
    ["days that are no number", ["inbox", "ls", "--days", "many"]],
  ])("ends with 2 for %s", async (_what, args) => {
    const { code, out, err } = await shop.creel(args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).not.toBe("");
  });

  it("ends with 1 for a group that is not there, and for who may not", async () => {
    expect(await shop.creel(["inbox", "allow", "a".repeat(22)])).toMatchObject({ code: 1, out: "" });
    server.as(await tokenWithRole(server.fleet(), server.org(), "viewer"));
    expect(await shop.creel(["inbox", "dismiss", keys.b ?? "", "--reason", "x"])).toMatchObject({ code: 1, out: "" });
    server.as("creel_nobody");
    expect(await shop.creel(["inbox", "ls"])).toMatchObject({ code: 1, out: "" });
  });
});

describe("creel exception", () => {
  it("grants by the sandbox' name, lists it with its end, and ends it", async () => {
    const grant = ["exception", "grant", "--sandbox", "demo", ...SCOPE, "--for", "30m", "--reason", "a try"];
    const { code, out } = await shop.creel([...grant, "--method", "POST", "--path", "/items/*"]);
    expect(code).toBe(0);
    const id = out.slice(0, 36);
    expect((await shop.creel(["exception", "ls"])).out).toMatch(
      new RegExp(`${id} +demo +POST api\\.example\\.com:443/items/\\* +/usr/bin/curl +active`),
    );
    expect(await shop.creel(["exception", "end", id])).toMatchObject({ code: 0, out: `${id} is over\n` });
    expect(await shop.creel(["exception", "end", id])).toMatchObject({ code: 1, out: "" });
    const all: { id: string; state: string }[] = await json("exception", "ls", "--all");
    expect(all.find((each) => each.id === id)?.state).toBe("ended");
  });

  it("ends with 4 for who may only propose", async () => {
    server.as(await tokenWithRole(server.fleet(), server.org(), "developer"));
    const grant = ["exception", "grant", "--sandbox", "demo", ...SCOPE, "--reason", "I need it"];
    expect((await shop.creel(grant)).code).toBe(4);
  });

  it.each([
    ["a port that is no number", ["--sandbox", "demo", ...SCOPE.slice(0, 4), "--port", "https", "--reason", "x"]],
    ["no reason", ["--sandbox", "demo", ...SCOPE]],
    ["no sandbox", [...SCOPE, "--reason", "x"]],
    ["half a second", ["--sandbox", "demo", ...SCOPE, "--for", "0.5s", "--reason", "x"]],
  ])("grant ends with 2 for %s", async (_what, args) => {
    expect(await shop.creel(["exception", "grant", ...args])).toMatchObject({ code: 2, out: "" });
  });

  it.each([
    ["a pattern in the host", 2, ["--sandbox", "demo", ...SCOPE, "--host", "*.example.com", "--reason", "x"]],
    ["more than a week", 2, ["--sandbox", "demo", ...SCOPE, "--for", "8d", "--reason", "x"]],
    [
      "a path of what nobody sees",
      2,
      ["--sandbox", "demo", ...SCOPE, "--method", "GET", "--path", "/a[!\u202e]**", "--reason", "x"],
    ],
    ["a sandbox that is not there", 1, ["--sandbox", "gone", ...SCOPE, "--reason", "x"]],
  ])("grant is refused for %s, with the reason and nothing granted", async (_what, exit, args) => {
    const before = (await json("exception", "ls", "--all")).length;
    const { code, out, err } = await shop.creel(["exception", "grant", ...args]);
    expect([code, out]).toEqual([exit, ""]);
    expect(err).not.toBe("");
    expect(err).not.toMatch(/\u202e/);
    expect((await json("exception", "ls", "--all")).length).toBe(before);
  });

  it("end takes an id and nothing else", async () => {
    expect(await shop.creel(["exception", "end", "../inbox"])).toMatchObject({ code: 2, out: "" });
    expect(await shop.creel(["exception", "end", randomUUID()])).toMatchObject({ code: 1, out: "" });
  });
});

describe("creel grant", () => {
  it("lists who holds what, and ends with 1 for who is not there", async () => {
    const { code, out } = await shop.creel(["grant", "ls"]);
    expect(code).toBe(0);
    expect(out).toContain("owner@acme.example  owner");
    expect(await shop.creel(["grant", "give", "viewer", "--to", "gone@acme.example"])).toMatchObject({
      code: 1,
      out: "",
    });
    expect(await shop.creel(["grant", "end", randomUUID()])).toMatchObject({ code: 1, out: "" });
  });

  it("gives a role over a scope for hours, shows it, and ends it", async () => {
    const args = [
      "grant",
      "give",
      "viewer",
      "--to",
      "owner@acme.example",
      "--over",
      "env=staging|test",
      "--hours",
      "1",
    ];
    const { code, out, err } = await shop.creel([...args, "--reason", "a look"]);
    expect(err).toBe("");
    expect(code).toBe(0);
    expect(out).toContain("viewer on env=staging|test");
    const all: { id: string; role: string }[] = await json("grant", "ls");
    const id = all.find(({ role }) => role === "viewer")?.id ?? "";
    expect(await shop.creel(["grant", "end", id])).toMatchObject({ code: 0 });
    expect((await shop.creel(["grant", "ls"])).out).not.toContain(id);
  });

  it.each([
    ["a scope that is none", ["give", "viewer", "--to", "owner@acme.example", "--over", "staging"]],
    ["hours that are no number", ["give", "viewer", "--to", "owner@acme.example", "--hours", "long"]],
    ["nobody", ["give", "viewer"]],
  ])("ends with 2 for %s", async (_what, args) => {
    expect(await shop.creel(["grant", ...args])).toMatchObject({ code: 2, out: "" });
  });

  it("ends with 4 where an approval policy asks others first, and gives nothing", async () => {
    const spec = { selector: { kinds: ["role_grant"] }, steps: [{ atLeast: 1, of: [{ role: "approver" }] }] };
    const ctx = server.fleet().ctx(server.org().owner);
    await approvalPolicy.save({ ctx, input: { name: "roles", mode: "enforce", spec } });
    const give = ["grant", "give", "operator", "--to", "owner@acme.example", "--reason", "nights"];
    expect(await shop.creel(give)).toMatchObject({ code: 4, out: expect.stringContaining("proposed as change") });
    const all: { role: string }[] = await json("grant", "ls");
    expect(all.some(({ role }) => role === "operator")).toBe(false);
  });
});
