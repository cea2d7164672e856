import type { DecisionRecord } from "@creel/protocol";
import { describe, expect, test } from "vitest";
import { howToAllow } from "../src/run/report/allow.ts";
import { duration } from "../src/run/report/ending.ts";
import { limitOfDenial, limitOfExit, refusedForks } from "../src/run/report/limit-met.ts";
import { createLiveDenials } from "../src/run/report/live.ts";
import type { RunSummary } from "../src/run/report/run-summary.ts";
import { summaryLines } from "../src/run/report/summary.ts";
import { createTally, REFUSED_KEPT_MAX } from "../src/run/report/tally.ts";

const record = (changes: Partial<DecisionRecord> = {}): DecisionRecord => ({
  time: "2026-01-01T00:00:00.000Z",
  ...{ org: "local", node: "n", sandbox: "s", seq: 1, kind: "connect" },
  binary: { path: "/usr/bin/curl", sha256: null, pid: 2, ancestors: [] },
  ...{ host: "example.com", port: 443, protocol: "tcp", method: null, path: null },
  ...{ decision: "deny", rule: null, reason: "No entry names example.com:443." },
  ...{ policyDigest: "sha256:0", generation: 0, bytesIn: 0, bytesOut: 0, durationMs: 0 },
  ...changes,
});
const plain = (_style: string, text: string): string => text;

function live() {
  const lines: string[] = [];
  let flush = (): void => undefined;
  const denials = createLiveDenials({
    write: (text) => lines.push(text),
    paint: plain,
    schedule: (work) => {
      flush = work;
      return { cancel: () => undefined };
    },
  });
  return { lines, denials, later: () => flush() };
}

describe("denials as they happen", () => {
  test("the same one again is counted, not repeated", () => {
    const { lines, denials, later } = live();
    for (let i = 0; i < 13; i++) denials.take(record({ seq: i }));
    expect(lines).toHaveLength(1);
    later();
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain("(×12 more)");
  });

  test("ATTACK a thousand different ones in a moment do not flood the terminal; they are counted", () => {
    const { lines, denials, later } = live();
    for (let i = 0; i < 1000; i++) denials.take(record({ host: `h${i}.example.com` }));
    expect(lines).toHaveLength(20);
    later();
    expect(lines.at(-1)).toContain("980 more");
  });

  test("ATTACK a host that steers the terminal or is very long stays one bounded line without controls", () => {
    const { lines, denials } = live();
    denials.take(record({ host: `a\x1b[2J\r\nb${"x".repeat(4000)}`, reason: "r\u202e\x07" }));
    expect(lines[0]).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(lines[0]?.length).toBeLessThan(500);
  });
});

test("ATTACK what is kept of refusals is bounded, and what was not kept is counted", () => {
  const tally = createTally();
  for (let i = 0; i < REFUSED_KEPT_MAX + 7; i++) tally.take(record({ host: `h${i}.example.com` }));
  expect(tally.refused()).toHaveLength(REFUSED_KEPT_MAX);
  expect(tally.totals()).toMatchObject({ denied: REFUSED_KEPT_MAX + 7, unlisted: 7 });
});

describe("to allow this, add", () => {
  const asked = (records: DecisionRecord[], baseYaml: string | null = null, readOnlyFolders: string[] = []) =>
    howToAllow({ records, baseYaml, nowMs: 0, readOnlyFolders });
  const text = (records: DecisionRecord[], baseYaml: string | null = null, shown: string[] = []) =>
    asked(records, baseYaml, shown)
      ?.lines.map((each) => each.text)
      .join("\n") ?? "";

  test("without a policy it is a whole file; a web connection is opened for reading only, never unread", () => {
    expect(text([record()])).toBe(
      [
        "version: 1",
        "network_policies:",
        "  allow_curl_example_com:",
        "    endpoints:",
        "      - host: example.com",
        "        port: 443",
        "        protocol: rest",
        "        access: read-only",
        "    binaries:",
        "      - path: /usr/bin/curl",
      ].join("\n"),
    );
  });

  test("with one, only what is new is shown, beneath the keys it hangs on", () => {
    const base = `version: 1
# ours
network_policies:
  git:
    endpoints:
      - { host: git.example.com, port: 443, protocol: rest, access: read-only }
    binaries:
      - path: /usr/bin/git
`;
    const post = record({ kind: "http", method: "POST", path: "/v1/x", protocol: "https" });
    const lines = asked([post], base)?.lines ?? [];
    expect(lines.filter(({ isNew }) => !isNew).map((each) => each.text)).toEqual(["network_policies:"]);
    expect(lines.map((each) => each.text).join("\n")).toContain("- allow: { method: POST, path: /v1/x }");
    expect(lines.map((each) => each.text).join("\n")).not.toContain("git.example.com");
  });

  test("ATTACK never for metadata, private addresses, programs the command could have written, or past a deny", () => {
    const denied = `version: 1
network_policies:
  api:
    endpoints:
      - { host: example.com, port: 443, protocol: rest, access: full, deny_rules: [{ method: DELETE, path: "/**" }] }
    binaries: [{ path: /usr/bin/curl }]
`;
    const refusals: [DecisionRecord, string | null][] = [
      [record({ host: "169.254.169.254", port: 80 }), null],
      [record({ host: "10.0.0.5" }), null],
      [record({ host: "metadata.google.internal", port: 80 }), null],
      [record({ binary: { path: "/sandbox/work/x", sha256: null, pid: 1, ancestors: [] } }), null],
      [record({ binary: null }), null],
      [record({ kind: "http", method: "DELETE", path: "/v1", protocol: "https", rule: "api" }), denied],
    ];
    for (const [one, base] of refusals) {
      expect(text([one], base)).toBe("");
      expect(asked([one], base)?.refused).toHaveLength(1);
    }
  });

  test("a program in a home folder counts once it was shown read-only", () => {
    const one = record({ binary: { path: "/home/me/.nvm/v22/bin/node", sha256: null, pid: 1, ancestors: [] } });
    expect(text([one])).toBe("");
    expect(text([one], null, ["/home/me/.nvm/v22"])).toContain("path: /home/me/.nvm/v22/bin/node");
  });
});

test("a denial and an end that a limit made name its field, and what was used", () => {
  const denied = {
    reason: "The sandbox has too many connections open, or refused and not written down yet.",
    rule: null,
  };
  expect(limitOfDenial(denied, { connections: 2 })).toBe("sandbox.limits.connections: 2");
  expect(limitOfDenial({ reason: "Entry `api` has used its 5 requests of this minute.", rule: "api" }, {})).toContain(
    "network_policies.api",
  );
  expect(limitOfDenial({ reason: "No entry names example.com:443.", rule: null }, { connections: 2 })).toBeNull();
  const exit = { exitCode: null, signal: 9, reason: "stopped", startedMs: 0, endedMs: 1, unit: "bytes" } as const;
  const memory = { ...exit, cause: "memory", limit: 1000, used: 1200, refusedForks: null } as const;
  expect(limitOfExit(memory)).toBe("sandbox.limits.memory_bytes: 1000, used 1200");
  expect(refusedForks({ ...memory, refusedForks: 3 }, { processes: 8 })).toContain("sandbox.limits.processes: 8");
  expect(refusedForks(memory, { processes: 8 })).toBeNull();
});

test("the lines to paste call this program as it was called, and a metadata service is told once", () => {
  const tally = createTally();
  const closed = "169.254.169.254 is a cloud's metadata service, which no policy can open.";
  tally.take(record({ host: "169.254.169.254", port: 80, reason: closed }));
  tally.take(record({ host: "10.0.0.5" }));
  const said = (changes: Partial<RunSummary>): string =>
    summaryLines(
      {
        ...{ exitCode: 0, seconds: 1, monitor: false, policyFile: null, decisionsFile: null, repository: null },
        ...{ ending: null, totals: tally.totals(), reached: [], unreached: [], refused: tally.refused() },
        ...{ keptAs: null, commandName: "npx creel", limitsMet: [], limits: undefined },
        allowing: howToAllow({ records: tally.refusedRecords(), baseYaml: null, nowMs: 0, readOnlyFolders: [] }),
        ...changes,
      },
      plain,
    ).join("\n");
  expect(said({})).toContain("denying nothing: npx creel run --monitor");
  expect(said({}).match(/metadata/g)).toHaveLength(1);
  expect(said({})).toContain("No rule is offered for:\n  10.0.0.5:443");
  expect(said({ policyFile: "my policy.yaml" })).toContain("Check it: npx creel policy lint 'my policy.yaml'");
  expect(said({ monitor: true })).toContain("then: npx creel policy suggest decisions.jsonl");
  expect(said({ monitor: true, decisionsFile: "d.jsonl" })).toContain(": npx creel policy suggest d.jsonl");
  const unreached = [{ host: "h", port: 443, reason: "CERT_UNTRUSTED", count: 1 }];
  expect(said({ unreached })).toContain("ca.pem npx creel run …");
});

test("the summary fits a screen whatever happened, and says what ended the run", () => {
  const tally = createTally();
  for (let i = 0; i < 300; i++) {
    tally.take(record({ host: `h${i}.example.com` }));
    tally.take(record({ host: `ok${i}.example.com`, decision: "allow", kind: "http", method: "GET", path: "/" }));
  }
  const summary: RunSummary = {
    ...{ exitCode: 143, seconds: 61, monitor: false, policyFile: "p.yaml", decisionsFile: null, repository: null },
    ending: { cause: "lifetime", sentence: "ended by sandbox.limits.lifetime_seconds: it ran for 1 min" },
    ...{ totals: tally.totals(), reached: tally.reached(), unreached: [], refused: tally.refused() },
    ...{ keptAs: null, commandName: "creel", limitsMet: [], limits: undefined },
    allowing: howToAllow({ records: tally.refusedRecords(), baseYaml: null, nowMs: 0, readOnlyFolders: [] }),
  };
  const lines = summaryLines(summary, plain);
  expect(lines[0]).toContain("lifetime_seconds");
  expect(lines.length).toBeLessThan(90);
  expect(duration(90)).toBe("1 min 30 s");
});
