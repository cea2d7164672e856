import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { GOOD, jsonLines as lines, policyWorkshop } from "./policy-support.ts";

const { creel, file, folder } = policyWorkshop();

describe("creel policy lint", () => {
  it("names line, column, reason and remedy of every error, and exits 1", async () => {
    const bad = file("bad.yaml", "version: 1\nnetwork_polices: {}\n");
    const { code, out } = await creel(["policy", "lint", bad]);
    expect(code).toBe(1);
    expect(out).toMatch(new RegExp(`^${bad}:2:1: error: `));
  });

  it("prints the digest of a good one, and exits 0", async () => {
    const { code, out } = await creel(["policy", "lint", "--json", file("good.yaml", GOOD)]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ ok: true, digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
  });

  it("a file that is not there is wrong usage, with and without --json", async () => {
    const missing = join(folder, "nothing.yaml");
    expect(await creel(["policy", "lint", missing])).toMatchObject({
      code: 2,
      err: expect.stringContaining("no such file"),
    });
    const { code, out } = await creel(["policy", "lint", "--json", missing]);
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ file: missing, ok: false, problems: [{ code: "unreadable_file" }] });
  });
});

describe("creel policy decide", () => {
  const curl = { binary: "/usr/bin/curl", host: "tickets.creel.example", port: 443 };
  it("answers each request on its own line, in order", async () => {
    const requests = [
      { id: 1, ...curl },
      { id: "get", ...curl, method: "GET", path: "/api/tickets" },
      { id: "post", ...curl, method: "POST", path: "/api/tickets/1/comments" },
      { ...curl, host: "paste.creel.example" },
    ];
    const { code, out } = await creel(
      ["policy", "decide", file("good.yaml", GOOD)],
      requests.map((each) => JSON.stringify(each)).join("\n"),
    );
    expect(code).toBe(0);
    expect(lines(out).map(({ id, decision }) => [id, decision])).toEqual([
      [1, "allow"],
      ["get", "allow"],
      ["post", "deny"],
      [null, "deny"],
    ]);
    expect(lines(out)[1]).toMatchObject({ rule: expect.stringContaining("tickets") });
  });

  it("answers a bad line with its number and goes on; the exit code is 2", async () => {
    const stdin = ["{", JSON.stringify({ id: 7, ...curl, prot: 443 }), JSON.stringify({ id: 8, ...curl })].join("\n");
    const { code, out } = await creel(["policy", "decide", file("good.yaml", GOOD)], stdin);
    expect(code).toBe(2);
    expect(lines(out)).toMatchObject([
      { id: null, line: 1, error: { message: expect.stringContaining("line 1") } },
      { id: 7, line: 2, error: { message: expect.stringContaining("prot") } },
      { id: 8, decision: "allow" },
    ]);
  });
});

describe("usage", () => {
  it.each([
    [["nonsense"]],
    [["policy", "lint"]],
    [["policy", "decide", "--nonsense", "x"]],
    [["sandbox", "exec", "x"]],
  ])("%j exits 2", async (args) => expect((await creel(args)).code).toBe(2));
  it.each([["--help"], ["policy"], ["policy", "decide"], ["sandbox", "exec"], ["up"], ["doctor"]])(
    "%s explains itself with --help and exits 0",
    async (...args) => {
      const { code, out } = await creel([...args.filter((arg) => arg !== "--help"), "--help"]);
      expect(code).toBe(0);
      expect(out).toContain("Usage: creel");
    },
  );
});
