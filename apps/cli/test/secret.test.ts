import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { beforeEach, describe, expect, it } from "vitest";
import { policyWorkshop } from "./policy-support.ts";
import { restServer } from "./rest-server.ts";

const shop = policyWorkshop();
const VALUE = "ghp_0123456789-value";
/** Whether others have to approve. */
let waits = false;
const asked: { line: string; body: unknown }[] = [];
const SECRET = {
  ...{ id: "s1", name: "GITHUB_TOKEN", description: "ci", version: 2, rotatedAt: "2026-05-03T10:00:00.000Z" },
  ...{ lastUsedAt: null, formerUntil: null, bindings: 1 },
};
const DETAIL = {
  ...SECRET,
  versions: [],
  bound: [{ id: "b1", sandboxName: null, scope: { env: ["prod", "staging"] } }],
  users: [
    {
      ...{ name: "worker", nodeName: "local", policyName: "p", placeholder: "creel-placeholder-x" },
      places: [{ host: "api.example.com", ports: [443], path: "/v1/**" }],
    },
    { name: "silent", nodeName: "local", policyName: "p2", placeholder: "creel-placeholder-y", places: [] },
  ],
};
restServer(async (request, response) => {
  const body = await text(request);
  asked.push({
    line: `${request.method} ${request.url?.replace("/api/v1", "")}`,
    body: body === "" ? null : JSON.parse(body),
  });
  response.setHeader("content-type", "application/json");
  const answers: Record<string, unknown> = {
    "GET /secrets": { items: [SECRET] },
    "GET /secrets/GITHUB_TOKEN": DETAIL,
    "GET /sandboxes": { items: [{ id: "0190f5c2-7b1a-7c3e-8f00-0000000000bb", name: "worker" }] },
    "POST /secrets/GITHUB_TOKEN/bindings": waits
      ? { outcome: "proposed", changeId: "c1" }
      : { outcome: "applied", changeId: "c1", bindingId: "b1" },
    "POST /secrets/rewrap": { versions: 3, keys: 1, channels: 2, providers: 1, authenticators: 4 },
  };
  response.end(JSON.stringify(answers[asked.at(-1)?.line ?? ""] ?? SECRET));
});
beforeEach(() => {
  waits = false;
  asked.length = 0;
});
/** What changed something. */
const acts = () => asked.filter(({ line }) => !line.startsWith("GET"));

describe("a value", () => {
  it("comes by standard input and loses one line end; a new name is kept, a known one rotated", async () => {
    expect(await shop.creel(["secret", "set", "NEW_ONE", "--description", "d"], `${VALUE}\n`)).toMatchObject({
      code: 0,
    });
    expect(await shop.creel(["secret", "set", "GITHUB_TOKEN", "--overlap", "5"], `${VALUE}\r\n`)).toMatchObject({
      code: 0,
    });
    expect(await shop.creel(["secret", "rotate", "GITHUB_TOKEN"], `${VALUE}\n\n`)).toMatchObject({ code: 0 });
    expect(acts()).toEqual([
      { line: "POST /secrets", body: { name: "NEW_ONE", value: VALUE, description: "d" } },
      { line: "POST /secrets/GITHUB_TOKEN/versions", body: { value: VALUE, overlapMinutes: 5 } },
      { line: "POST /secrets/GITHUB_TOKEN/versions", body: { value: `${VALUE}\n` } },
    ]);
  });

  it("that stands on the command line is refused and repeated nowhere", async () => {
    for (const args of [
      ["set", "NEW_ONE", VALUE],
      ["set", `NEW_ONE=${VALUE}`],
      ["rotate", "GITHUB_TOKEN", VALUE],
    ]) {
      const ran = await shop.creel(["secret", ...args], "");
      expect(ran.code).toBe(2);
      expect(ran.out + ran.err).not.toContain(VALUE);
    }
    expect(acts()).toEqual([]);
  });

  it("that is none, or longer than the server takes, reaches no server", async () => {
    expect(await shop.creel(["secret", "set", "NEW_ONE"], "\n")).toMatchObject({ code: 2 });
    expect(await shop.creel(["secret", "set", "NEW_ONE"], "x".repeat(16 * 1024 + 1))).toMatchObject({ code: 2 });
    expect(acts()).toEqual([]);
    expect(await shop.creel(["secret", "set", "NEW_ONE"], `${"x".repeat(16 * 1024)}\n`)).toMatchObject({ code: 0 });
  });

  it("is typed unseen at a terminal, where keys that edit are obeyed and the terminal is put back", async () => {
    const modes: boolean[] = [];
    const terminal = (typed: string) => {
      const stdin = Object.assign(new PassThrough(), { setRawMode: (raw: boolean) => void modes.push(raw) });
      stdin.write(typed);
      return { stdin, terminal: { types: true, watches: true } };
    };
    const ran = await shop.creel(["secret", "set", "NEW_ONE"], "", terminal(`${VALUE}x\u007f\r`));
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.err).toContain("Value of NEW_ONE (nothing is shown while you type):");
    expect(ran.out + ran.err).not.toContain(VALUE);
    expect(acts()).toEqual([{ line: "POST /secrets", body: { name: "NEW_ONE", value: VALUE, description: "" } }]);
    expect(await shop.creel(["secret", "set", "NEW_ONE"], "", terminal(`${VALUE}\u0003`))).toMatchObject({ code: 1 });
    expect(acts()).toHaveLength(1);
    expect(modes).toEqual([true, false, true, false]);
  });
});

describe("who may use it", () => {
  it("is told as waiting where others have to approve, with exit code 4", async () => {
    waits = true;
    const ran = await shop.creel(["secret", "bind", "GITHUB_TOKEN", "--sandbox", "worker"]);
    expect(ran).toMatchObject({ code: 4, out: expect.stringContaining("proposed as change c1") });
    const told = await shop.creel(["secret", "bind", "GITHUB_TOKEN", "--label", "env=prod", "--json"]);
    expect(told.code).toBe(4);
    expect(JSON.parse(told.out)).toEqual({ outcome: "proposed", changeId: "c1" });
  });

  it("is one sandbox or labels, and never both or neither", async () => {
    const bind = (...args: string[]) => shop.creel(["secret", "bind", "GITHUB_TOKEN", ...args]);
    expect(await bind("--sandbox", "worker")).toMatchObject({ code: 0 });
    expect(await bind("--label", "env=prod", "--label", "env=staging", "--label", "team=pay")).toMatchObject({
      code: 0,
    });
    for (const args of [[], ["--sandbox", "worker", "--label", "env=prod"], ["--label", "env"], ["--label", "a=b=c"]])
      expect(await bind(...args)).toMatchObject({ code: 2 });
    expect(acts().map(({ body }) => body)).toEqual([
      { sandboxId: "0190f5c2-7b1a-7c3e-8f00-0000000000bb" },
      { scope: { env: ["prod", "staging"], team: ["pay"] } },
    ]);
  });

  it("is shown with where it may go, and that it may go nowhere", async () => {
    const { out } = await shop.creel(["secret", "show", "GITHUB_TOKEN"]);
    expect(out).toContain("bound  b1  env=prod|staging");
    expect(out).toContain("used by worker on local → api.example.com:443/v1/**");
    expect(out).toContain("used by silent on local → nowhere: the policy p2 names no place for it");
  });
});

it("removing asks back, and without a terminal must be said", async () => {
  const remove = ["secret", "remove", "GITHUB_TOKEN"];
  const somebody = { terminal: { types: true, watches: true } };
  expect(await shop.creel(remove)).toMatchObject({ code: 2 });
  expect(await shop.creel(remove, "n\n", somebody)).toMatchObject({ code: 1 });
  expect(acts()).toEqual([]);
  expect(await shop.creel(remove, "y\n", somebody)).toMatchObject({ code: 0 });
  expect(await shop.creel([...remove, "--yes"])).toMatchObject({ code: 0 });
  expect(acts().map(({ line }) => line)).toEqual(["DELETE /secrets/GITHUB_TOKEN", "DELETE /secrets/GITHUB_TOKEN"]);
});

it.each(["..", "a/b", "a b", "1ST", ""])("what is no name goes into no address: %j", async (name) => {
  for (const verb of ["show", "rotate", "remove", "bind"])
    expect(
      (
        await shop.creel(
          [
            "secret",
            verb,
            name,
            ...(verb === "bind" ? ["--label", "a=b"] : []),
            ...(verb === "remove" ? ["--yes"] : []),
          ],
          VALUE,
        )
      ).code,
    ).toBe(2);
  expect(asked).toEqual([]);
});
