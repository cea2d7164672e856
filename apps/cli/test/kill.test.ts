import { beforeEach, describe, expect, it } from "vitest";
import { policyWorkshop } from "./policy-support.ts";
import { restServer } from "./rest-server.ts";

const shop = policyWorkshop();
/** Whatever the server was asked. */
const asked: string[] = [];
const ONE = {
  ...{ id: "a1", name: "one", nodeName: "local", nodeConnected: true, desiredState: "running", incarnation: 1 },
  ...{ policyName: "p", policyVersion: 1, policyDigest: "sha256:0", agent: { plugin: "command" }, status: null },
};
restServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(request.method === "GET" ? { items: [ONE] } : { sandboxes: [] }));
});
beforeEach(() => {
  asked.length = 0;
});

describe("at a terminal a kill asks back", () => {
  const somebody = { terminal: { types: true, watches: true } };
  const KILL = "POST /api/v1/sandboxes/one/kill";
  it.each<[answer: string, code: number, asked: string[]]>([
    ["y\n", 0, [KILL]],
    [" YES \n", 0, [KILL]],
    ["n\n", 1, []],
    ["\ny\n", 1, []],
    ["yonder\n", 1, []],
    ["", 1, []],
  ])("%j", async (answer, code, expected) => {
    const ran = await shop.creel(["sandbox", "kill", "one"], answer, somebody);
    expect(ran.err).toContain("This ends everything in one at once. Type y for yes:");
    expect({ code: ran.code, asked }).toEqual({ code, asked: expected });
  });

  it("not with --yes, with --json or where nobody types or watches", async () => {
    for (const flag of ["--yes", "--json"])
      expect(await shop.creel(["sandbox", "kill", "one", flag], "", somebody)).toMatchObject({ code: 0, err: "" });
    for (const terminal of [
      { types: false, watches: true },
      { types: true, watches: false },
    ])
      expect(await shop.creel(["sandbox", "quarantine", "one"], "", { terminal })).toMatchObject({ code: 0, err: "" });
    expect(asked).toEqual([KILL, KILL, KILL, KILL]);
  });

  it("for --all with what it touches; without a terminal --yes must say it", async () => {
    const all = ["sandbox", "kill", "--all"];
    const said = /ends everything in 1 sandbox of the organization at once: one/;
    const refused = await shop.creel(all, "n\n", somebody);
    expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(said) });
    expect(await shop.creel(all, "y\n")).toMatchObject({ code: 2, err: expect.stringMatching(said) });
    expect(asked.filter((each) => each.startsWith("POST"))).toEqual([]);
    expect(await shop.creel(all, "y\n", somebody)).toMatchObject({ code: 0 });
    expect(asked.at(-1)).toBe("POST /api/v1/kill-switch");
  });
});

describe("a kill that is not said clearly reaches no server", () => {
  it.each<[string[], RegExp]>([
    [["kill"], /name one sandbox, or give --all/],
    [["kill", "one", "--all", "--yes"], /name one sandbox, or give --all/],
    [["kill", "one", "--node", "local"], /--node goes with --all/],
    [["kill", "--node", "local"], /name one sandbox, or give --all/],
    [["kill", "one", "two"], /too many arguments/],
    [["kill", "one", "--reason"], /argument missing/],
    [["kill", "one", "--now"], /unknown option/],
    [["kill", ""], /no name of a sandbox/],
    [["kill", ".."], /no name of a sandbox/],
    [["kill", "."], /no name of a sandbox/],
    [["quarantine"], /missing required argument/],
    [["quarantine", ".."], /no name of a sandbox/],
    [["quarantine", "one", "--all"], /unknown option/],
    [["release", "--reason", "looked at"], /missing required argument/],
    [["release", "one"], /--reason/],
    [["release", "..", "--reason", "looked at"], /no name of a sandbox/],
    [["stop", ".."], /no name of a sandbox/],
    [["restart", "a/../b"], /no name of a sandbox/],
    [["logs", "?x"], /no name of a sandbox/],
    [["exec", "..", "--", "true"], /no name of a sandbox/],
  ])("%j", async (args, said) => {
    const { code, out, err } = await shop.creel(["sandbox", ...args]);
    expect(err).toMatch(said);
    expect(out).toBe("");
    expect(code).toBe(2);
    expect(asked).toEqual([]);
  });
});
