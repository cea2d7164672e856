import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createReplay, parseRecordLine } from "../src/index.ts";
import {
  GROUPS_MAX,
  GROUPS_PER_SANDBOX_MAX,
  LINE_CHARS_MAX,
  LINE_TEXT_CHARS_MAX,
  PATHS_PER_TARGET_MAX,
} from "../src/replay/limits.ts";
import { createMemo } from "../src/replay/memo.ts";
import { looksLikeId, pathShape } from "../src/replay/path-shape.ts";
import { compiled } from "./support.ts";

const record = {
  time: "2026-05-01T10:00:00.000Z",
  sandbox: "sb",
  kind: "http",
  binary: { path: "/usr/bin/p", sha256: null, pid: 1, ancestors: [] },
  host: "h.example.com",
  port: 443,
  method: "GET",
  path: "/",
  decision: "allow",
  rule: "x",
  reason: "Because.",
};
const problemOf = (value: unknown): string => {
  const parsed = parseRecordLine(typeof value === "string" ? value : JSON.stringify(value));
  return parsed.ok ? "ok" : parsed.problem;
};

describe("a line of a journal", () => {
  it("is a decision, the end of a flow, nothing, or a request of one's own", () => {
    expect(parseRecordLine(JSON.stringify({ type: "decision", boot: "b", record }))).toMatchObject({
      ok: true,
      record: { host: "h.example.com" },
    });
    expect(parseRecordLine(JSON.stringify({ type: "flow_end", boot: "b", flow: {} }))).toEqual({
      ok: true,
      record: null,
    });
    expect(parseRecordLine("  ")).toEqual({ ok: true, record: null });
    expect(parseRecordLine('{"binary":"/usr/bin/p","host":"h","port":1}')).toMatchObject({
      ok: true,
      record: { decision: undefined, time: "" },
    });
  });
  it("is what the protocol's golden journal holds", () => {
    const file = fileURLToPath(new URL("../../protocol/test/fixtures/v1/node.journal.json", import.meta.url));
    const { entries }: { entries: unknown[] } = JSON.parse(readFileSync(file, "utf8"));
    expect(entries.map(problemOf)).toEqual(entries.map(() => "ok"));
    expect(entries.length).toBeGreaterThan(2);
  });
  it("may have fields that came later, but a request of one's own may not, lest a slip judge another request", () => {
    expect(problemOf({ ...record, later: 1 })).toBe("ok");
    expect(problemOf({ binary: "/usr/bin/p", host: "h", port: 1, methd: "GET" })).toBe(
      "Field `methd` is none of a request line.",
    );
  });
  it("names the field that is wrong", () => {
    expect(problemOf("{")).toMatch(/^The line is no JSON: /);
    expect(problemOf("[]")).toBe("The line is no JSON object.");
    expect(problemOf({ type: "else" })).toBe('Field `type` is neither "decision" nor "flow_end".');
    expect(problemOf({ type: "decision" })).toBe("Field `record` is no object.");
    expect(problemOf({ ...record, host: undefined })).toBe("Field `host` is missing.");
    expect(problemOf({ ...record, host: 1 })).toBe("Field `host` is no text.");
    expect(problemOf({ ...record, port: 65_536 })).toBe("Field `port` is no whole number from 0 to 65535.");
    expect(problemOf({ ...record, time: "soon" })).toBe("Field `time` is no RFC 3339 time.");
    expect(problemOf({ ...record, decision: "maybe" })).toBe("Field `decision` is none of allow, deny, would_deny.");
    expect(problemOf({ ...record, binary: 1 })).toContain("Field `binary`");
    expect(problemOf({ ...record, binary: { path: "/p", ancestors: ["/a", 1] } })).toContain("Field `ancestors`");
    expect(problemOf({ binary: "/p", host: "h", port: 1, headers: { a: 1 } })).toBe("Field `headers.a` is no text.");
  });
  it("holds no text longer than a request's, the body aside", () => {
    const line = (field: string, n: number) => problemOf({ binary: "/p", host: "h", port: 1, [field]: "a".repeat(n) });
    expect(line("path", LINE_TEXT_CHARS_MAX)).toBe("ok");
    expect(line("path", LINE_TEXT_CHARS_MAX + 1)).toBe("Field `path` is longer than 16384 characters.");
    expect(line("body", LINE_TEXT_CHARS_MAX + 1)).toBe("ok");
  });
  it("is refused when it is longer than a line may be", () => {
    const pad = (n: number) => `{"x":"${"a".repeat(n - 8)}"}`;
    expect(pad(LINE_CHARS_MAX)).toHaveLength(LINE_CHARS_MAX);
    expect(problemOf(pad(LINE_CHARS_MAX))).toContain("Field `binary`");
    expect(problemOf(pad(LINE_CHARS_MAX + 1))).toContain("longer than");
  });
  it("without a decision is comparable only with an earlier version", () => {
    const policy = compiled("version: 1\n");
    const line = parseRecordLine('{"binary":"/usr/bin/p","host":"h.example.com","port":1}');
    const alone = createReplay({ after: policy });
    const compared = createReplay({ after: policy, before: policy });
    for (const replay of [alone, compared]) replay.add(line.ok ? line.record : null);
    expect(alone.result()).toMatchObject({ uncertain: 1 });
    expect(alone.result().groups[0]?.reason).toBe("The line does not say how it was decided then.");
    expect(compared.result()).toMatchObject({ unchanged: 1, uncertain: 0 });
  });
});

describe("the report of a journal without end", () => {
  const nothing = compiled("version: 1\n");
  const run = (lines: Iterable<object>) => {
    const replay = createReplay({ after: nothing, nowMs: 0 });
    for (const fields of lines) {
      const parsed = parseRecordLine(JSON.stringify({ ...record, ...fields }));
      if (parsed.ok) replay.add(parsed.record);
    }
    return replay.result();
  };
  function* times(n: number, make: (i: number) => object) {
    for (let i = 0; i < n; i++) yield make(i);
  }

  it("counts what is skipped apart", () => {
    const replay = createReplay({ after: nothing });
    replay.add(null);
    expect(replay.result()).toMatchObject({ total: 1, skipped: 1, unchanged: 0 });
  });
  it("gives one sandbox no more than its share, so that it hides nobody else's", () => {
    const flood = times(GROUPS_PER_SANDBOX_MAX + 5, (i) => ({ sandbox: "loud", host: `h${i}.example.com` }));
    const result = run([...flood, { sandbox: "quiet" }]);
    expect(result.groups).toHaveLength(GROUPS_PER_SANDBOX_MAX + 1);
    expect(result.ungrouped).toBe(5);
    expect(result.groups.some((group) => group.sandbox === "quiet")).toBe(true);
    expect(result.bySandbox[0]).toEqual({
      sandbox: "loud",
      broken: GROUPS_PER_SANDBOX_MAX + 5,
      opened: 0,
      uncertain: 0,
    });
  });
  it("holds a bounded number of groups in all", () => {
    const result = run(times(GROUPS_MAX + 7, (i) => ({ sandbox: `s${i % 20}`, host: `h${i}.example.com` })));
    expect(result.groups).toHaveLength(GROUPS_MAX);
    expect(result.ungrouped).toBe(7);
    expect(result.broken).toBe(GROUPS_MAX + 7);
  });
  it("shows the paths of one target one by one up to a bound, the rest together", () => {
    const word = (i: number) => `/${String.fromCharCode(97 + (i % 26), 97 + Math.floor(i / 26))}`;
    const paths = (n: number) => run(times(n, (i) => ({ path: word(i) }))).groups;
    expect(paths(PATHS_PER_TARGET_MAX)).toHaveLength(PATHS_PER_TARGET_MAX);
    const more = paths(PATHS_PER_TARGET_MAX + 3);
    expect(more).toHaveLength(PATHS_PER_TARGET_MAX + 1);
    expect(more[0]).toMatchObject({ path: "/**", count: 3 });
  });
});

describe("an identifier in a path", () => {
  it("is a number, a UUID, a ULID or a hex text of eight and more, not a word", () => {
    for (const id of [
      "7",
      "12345678901234567890",
      "deadbee1",
      "0f8fad5b-d9cb-469f-a165-70867728950e",
      "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    ])
      expect(looksLikeId(id), id).toBe(true);
    for (const name of [
      "",
      "v1",
      "deadbee",
      "decade",
      "facade",
      "effaced",
      "accededd",
      "items",
      "1a2b",
      "x".repeat(26),
    ])
      expect(looksLikeId(name), name).toBe(false);
  });
  it("is the star of a shape, and a star of the path is not", () => {
    expect(pathShape("/a/7/b*c/deadbee1/")).toBe("/a/*/b[*]c/*/");
  });
});

describe("what was judged already", () => {
  it("is forgotten while nothing repeats, and remembered again later", () => {
    const memo = createMemo();
    let asked = 0;
    for (let i = 0; i < 20_000; i++) if (memo.isWorthIt() && memo.get(String(i)) === undefined) asked++;
    expect(asked).toBeLessThan(10_000);
    for (let i = 0; i < 60_000; i++) memo.isWorthIt();
    expect(memo.isWorthIt()).toBe(true);
  });
  it("never changes what is counted", () => {
    const READ = compiled(
      "version: 1\nnetwork_policies:\n  x: {endpoints: [{host: h.example.com, port: 443, protocol: rest, access: read-only}], binaries: [{path: /usr/bin/p}]}\n",
    );
    const replay = createReplay({ after: READ, nowMs: 0 });
    // Half of it distinct, half of it the same again: the memory rests and wakes on the way.
    for (let i = 0; i < 40_000; i++) {
      const parsed = parseRecordLine(
        JSON.stringify({ ...record, method: i % 3 === 0 ? "POST" : "GET", path: `/${i < 20_000 ? i : i % 9}` }),
      );
      if (parsed.ok) replay.add(parsed.record);
    }
    expect(replay.result()).toMatchObject({ total: 40_000, broken: 13_334, unchanged: 26_666 });
  });
});
