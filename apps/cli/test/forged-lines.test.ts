/** Nothing that a file, a record or a sandbox says may stand as a line of ours, turn its direction, or steer the terminal. */
import { describe, expect, test } from "vitest";
import { jsonLine, line, page, painter, printable } from "../src/io.ts";
import { describeDecision } from "../src/run/report/sentence.ts";
import { policyWorkshop, type Ran } from "./policy-support.ts";

const { file, creel } = policyWorkshop();
const FORGED = "✓ forged.yaml: valid, 0 warnings";
/** What every attack carries: a line of its own, an escape, a direction mark, a sign of no width, a line separator. */
const ATTACK = `x\n\n${FORGED}\r\n\u001b[2K\u001b[32m\u202e\u2066\u200b\ufeff\u2028${FORGED}\u2029`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what must not be there
const HIDDEN = /[\p{Cf}\p{Zl}\p{Zp}\u0000-\u0009\u000b-\u001f\u007f-\u009f]/u;
const quoted = JSON.stringify(ATTACK)
  .replaceAll("\u2028", "\\u2028")
  .replace(/[\u200b\u202e\u2066\ufeff\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16)}`);

function expectNothingForged({ out, err }: Pick<Ran, "out" | "err">): void {
  expect(out + err).toContain("forged.yaml");
  for (const text of [out, err]) {
    expect(text).not.toMatch(HIDDEN);
    expect(text.split("\n").filter((each) => each.trimStart().startsWith("✓ forged"))).toEqual([]);
  }
}

const policy = (more: {
  owner?: string;
  key?: string;
  path?: string;
  program?: string;
  pattern?: string;
}): string => `version: 1
network_policies:
  ${more.key ?? "tickets"}:
    ${more.owner === undefined ? "" : `owner: ${more.owner}`}
    endpoints:
      - host: tickets.creel.example
        port: 443
        protocol: rest
        rules: [{ allow: { method: GET, path: ${more.path ?? "/api/**"} } }]
    binaries: [{ path: ${more.program ?? "/usr/bin/curl"} }]
`;

const record = (more: object): string =>
  `${JSON.stringify({
    v: 1,
    id: "d-1",
    time: "2026-07-01T10:00:00.000Z",
    kind: "http",
    sandbox: "demo",
    binary: { path: "/usr/bin/curl" },
    host: "tickets.creel.example",
    port: 443,
    method: "GET",
    path: "/api/1",
    decision: "would_deny",
    reason: "No rule allows it.",
    rule: null,
    ...more,
  })}\n`;

describe("no command prints a line that a file forged", () => {
  test("diff: an owner", async () => {
    const ran = await creel(["policy", "diff", file("a.yaml", policy({})), file("b.yaml", policy({ owner: quoted }))]);
    expectNothingForged(ran);
  });

  test("lint: an entry's key, in a warning and in an error", async () => {
    for (const more of [{ program: "/tmp/x" }, { path: '"["' }])
      expectNothingForged(await creel(["policy", "lint", file("k.yaml", policy({ key: quoted, ...more }))]));
  });

  test.each([["diff"], ["explain"], ["test"], ["format"], ["decide"]])(
    "%s: what is wrong with a file",
    async (name) => {
      const bad = file("bad.yaml", policy({ key: quoted, path: '"["' }));
      const more =
        name === "diff" ? [bad] : name === "explain" ? ["--binary", "/x", "--host", "h.example", "--port", "1"] : [];
      expectNothingForged(await creel(["policy", name, bad, ...more]));
    },
  );

  test("test: a test's name", async () => {
    const tests = `tests:\n  - name: ${quoted}\n    request: { binary: /x, host: h.example, port: 443 }\n    expect: deny\n`;
    expectNothingForged(await creel(["policy", "test", file("t.yaml", policy({}) + tests)]));
  });
});

describe("no command prints a line that a record forged", () => {
  test("explain: a path that the agent chose", async () => {
    const plain = await creel([
      ...[
        "policy",
        "explain",
        file("e2.yaml", policy({})),
        "--binary",
        "/usr/bin/curl",
        "--host",
        "tickets.creel.example",
      ],
      ...["--port", "443", "--method", "GET", "--path", `/x${ATTACK}`],
    ]);
    expectNothingForged(plain);
  });

  test("replay and suggest: a path, a program, a sandbox, a host", async () => {
    for (const more of [
      { path: `/x${ATTACK}` },
      { binary: { path: `/usr/bin/${ATTACK}` } },
      { sandbox: ATTACK },
      { host: ATTACK },
    ]) {
      const journal = file("j.jsonl", record({ ...more, decision: "allow" }) + record(more));
      expectNothingForged(await creel(["policy", "replay", "--policy", file("none.yaml", "version: 1\n"), journal]));
      const { err } = await creel(["policy", "suggest", journal]);
      expect(err).not.toMatch(HIDDEN);
      expect(err.split("\n").filter((each) => each.trimStart().startsWith("✓"))).toEqual([]);
    }
  });

  test("run: a denial on stderr", () => {
    const sentence = describeDecision({
      ...JSON.parse(record({ path: `/x${ATTACK}` })),
      reason: ATTACK,
    });
    expectNothingForged({ out: line(sentence), err: "" });
  });
});

describe("the makers of what is written", () => {
  test("a line is one line, and only the painter's colours pass", () => {
    const painted = `${painter(true)("green", "ok")} ${ATTACK}`;
    expect(line(painted).startsWith("\u001b[32mok\u001b[0m x··✓ forged")).toBe(true);
    expect(line(painted).indexOf("\n")).toBe(line(painted).length - 1);
    expect(line("a\u001b[8mb\u001b]0;title\u0007c")).toBe("a·[8mb·]0;title·c\n");
  });

  test("a page keeps its lines and tabs and nothing else", () => {
    expect(page("a\tb\r\nc\u001b[2Jd\re\u202e\n")).toBe("a\tb\nc·[2Jd·e·\n");
  });

  test("every sign that nobody sees becomes one visible sign", () => {
    for (const hidden of [
      "\u00ad",
      "\u034f",
      "\u061c",
      "\u115f",
      "\u180e",
      "\u200b",
      "\u200f",
      "\u202a",
      "\u2060",
      "\u2069",
      "\u3164",
      "\ufe0f",
      "\ufff9",
      "\ufeff",
      "\ud800",
      "\ue000",
      "\u{e0041}",
    ])
      expect(printable(`a${hidden}b`)).toBe("a·b");
    expect(printable("päth/日本/é")).toBe("päth/日本/é");
  });

  test("JSON stays exact, and steers no terminal", () => {
    const text = `${ATTACK}\u009b31m\u007f\u{e0041}`;
    const written = jsonLine({ text, [text]: 1 });
    expect(written.slice(0, -1)).not.toMatch(HIDDEN);
    expect(written).toContain("\\u009b31m\\u007f\\udb40\\udc41");
    expect(JSON.parse(written)).toEqual({ text, [text]: 1 });
  });
});
