import { expect, test } from "vitest";
import { GOOD, policyWorkshop } from "./policy-support.ts";

const { file, folder, creel } = policyWorkshop();
const policy = file("policy.yaml", GOOD);
const record = (more: object): string =>
  JSON.stringify({
    time: "2026-05-01T10:00:00Z",
    org: "o",
    node: "n",
    sandbox: "triage",
    seq: 1,
    kind: "http",
    binary: { path: "/usr/bin/curl", sha256: null, pid: 2, ancestors: [] },
    host: "tickets.creel.example",
    port: 443,
    protocol: "https",
    method: "GET",
    path: "/api/x",
    decision: "allow",
    rule: "tickets",
    reason: "",
    policyDigest: "",
    generation: 1,
    bytesIn: 0,
    bytesOut: 0,
    durationMs: 1,
    ...more,
  });
const same = record({});
const broken = record({ method: "POST" });
const opened = record({ decision: "deny", reason: "Entry `tickets` does not allow GET /api/x." });
const journal = (name: string, ...lines: string[]): string => file(name, `${lines.join("\n")}\n`);

test("what would have broken and what would have been let through, counted and grouped", async () => {
  const { code, out, err } = await creel([
    "policy",
    "replay",
    journal("mixed.jsonl", same, broken, broken, opened),
    "--policy",
    policy,
  ]);
  expect([code, err]).toEqual([0, ""]);
  expect(out.split("\n")[0]).toBe("4 requests: 1 decided as before, 2 broken, 1 opened, 0 uncertain");
  expect(out).toMatch(
    /Broken: passed then, denied now\n.*COUNT.*\n +2 {2}triage {3}\/usr\/bin\/curl {2}POST tickets\.creel\.example:443\/api\/x/,
  );
  expect(out).toContain("Opened: denied then, passes now");
});

test.each([
  ["broken", [broken], 1],
  ["broken", [opened], 0],
  ["opened", [opened], 1],
  ["opened", [broken], 0],
  ["any", [opened], 1],
  ["any", [broken], 1],
  ["any", [same], 0],
])("--fail-on %s", async (what, lines, expected) => {
  const { code } = await creel([
    "policy",
    "replay",
    journal("some.jsonl", ...lines),
    "--policy",
    policy,
    "--fail-on",
    what,
  ]);
  expect(code).toBe(expected);
});

test("standard input is read too, and --json is whole", async () => {
  const { code, out } = await creel(["policy", "replay", "-", "--policy", policy, "--json"], `${same}\n${broken}\n`);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    total: 2,
    unchanged: 1,
    broken: 1,
    groups: [{ kind: "broken", count: 1 }],
    unreadable: 0,
    problems: [],
  });
});

test("lines that cannot be read are named, and nobody takes a part for the whole: exit code 2", async () => {
  const path = journal("torn.jsonl", same, '{"time":"2026', same.replace('"port":443', '"port":"443"'));
  const { code, out, err } = await creel(["policy", "replay", path, "--policy", policy]);
  expect(code).toBe(2);
  expect(out).toContain("1 request: 1 decided as before");
  expect(err).toContain(`${path}:2: The line is no JSON`);
  expect(err).toContain(`${path}:3: Field \`port\``);
});

test("text and JSON count the lines alike: requests, no requests and unreadable ones make up the whole", async () => {
  const end = JSON.stringify({ type: "flow_end", boot: "b", flow: {} });
  const path = journal("counts.jsonl", same, "", end, broken, "nonsense", "{");
  const text = await creel(["policy", "replay", path, "--policy", policy]);
  expect(text.out.split("\n")[0]).toBe(
    "2 requests: 1 decided as before, 1 broken, 0 opened, 0 uncertain (of 6 lines: 2 no request, 2 unreadable)",
  );
  const json = await creel(["policy", "replay", path, "--policy", policy, "--json"]);
  const counts = { lines: 6, requests: 2, total: 4, skipped: 2, unreadable: 2, unchanged: 1, broken: 1 };
  expect(JSON.parse(json.out)).toMatchObject(counts);
});

test("a journal without a request warns, and passes no check", async () => {
  for (const text of ["", "\n", `${JSON.stringify({ type: "flow_end", boot: "b", flow: {} })}\n`]) {
    const args = ["policy", "replay", file("empty.jsonl", text), "--policy", policy];
    const warning = expect.stringContaining("warning: the journal holds no request");
    expect(await creel(args)).toMatchObject({ code: 0, err: warning });
    expect(await creel([...args, "--fail-on", "any"])).toMatchObject({ code: 1, err: warning });
    expect(await creel([...args, "--fail-on", "broken", "--json"])).toMatchObject({ code: 1, err: warning });
  }
});

test("--before compares two versions instead of what was decided then", async () => {
  const wider = file("wider.yaml", GOOD.replace("method: GET", 'method: "*"'));
  const { out } = await creel([
    "policy",
    "replay",
    journal("post.jsonl", broken),
    "--before",
    wider,
    "--policy",
    policy,
    "--json",
  ]);
  expect(JSON.parse(out)).toMatchObject({ broken: 1 });
  const again = await creel([
    "policy",
    "replay",
    journal("post.jsonl", broken),
    "--before",
    policy,
    "--policy",
    policy,
    "--json",
  ]);
  expect(JSON.parse(again.out)).toMatchObject({ broken: 0, unchanged: 1 });
});

test("a watcher sees progress on stderr, and it is gone at the end", async () => {
  const { err } = await creel(["policy", "replay", journal("one.jsonl", same), "--policy", policy], "", {
    terminal: { types: false, watches: true },
  });
  expect(err.endsWith("\r\u001b[2K")).toBe(true);
});

test("--top bounds what is shown, never what is counted", async () => {
  const paths = ["/a", "/b", "/c"].map((path) => record({ path, host: `h${path.slice(1)}.example.com` }));
  const { out } = await creel(["policy", "replay", journal("three.jsonl", ...paths), "--policy", policy, "--top", "1"]);
  expect(out).toContain("3 broken");
  expect(out).toContain("… and 2 further groups; --top 3 shows them");
});

test.each([
  [["policy", "replay", "x.jsonl"], "--policy"],
  [["policy", "replay", `${folder}/nothing.jsonl`, "--policy", policy], "no such file"],
  [["policy", "replay", "-", "--policy", policy, "--fail-on", "brokn"], "nothing to fail on"],
  [["policy", "replay", "-", "--policy", policy, "--top", "-1"], "not a number of groups"],
])("%j is wrong usage", async (args, reason) => {
  expect(await creel(args)).toMatchObject({ code: 2, err: expect.stringContaining(reason) });
});
