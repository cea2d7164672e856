import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { lineBatches } from "../src/policy/line-batches.ts";
import { GOOD, jsonLines, policyWorkshop } from "./policy-support.ts";

const { file, creel } = policyWorkshop();
const curl = { binary: "/usr/bin/curl", host: "tickets.creel.example", port: 443 };
const get = { ...curl, method: "GET", path: "/api/x" };

test("lines may end with CRLF, the last without an end, the first with a byte-order mark; empty lines are no requests", async () => {
  const stdin = `\uFEFF${JSON.stringify({ id: 1, ...get })}\r\n\r\n   \n${JSON.stringify({ id: 2, ...curl })}`;
  const { code, out } = await creel(["policy", "decide", file("good.yaml", GOOD)], stdin);
  expect(code).toBe(0);
  expect(jsonLines(out).map(({ id, decision }) => [id, decision])).toEqual([
    [1, "allow"],
    [2, "allow"],
  ]);
});

test("a request with U+2028 in a header is one line", async () => {
  const stdin = JSON.stringify({ id: 1, ...get, headers: { note: "a\u2028b" } });
  const { code, out } = await creel(["policy", "decide", file("good.yaml", GOOD)], stdin);
  expect(code).toBe(0);
  expect(jsonLines(out)).toHaveLength(1);
});

test("a sign that is cut between two chunks is put together again", async () => {
  const bytes = Buffer.from(`${JSON.stringify({ id: "é€", ...get })}\n`);
  const cut = bytes.indexOf(0xc3) + 1;
  const { out } = await creel(
    ["policy", "decide", file("good.yaml", GOOD)],
    [bytes.subarray(0, cut), bytes.subarray(cut)],
  );
  expect(jsonLines(out)).toMatchObject([{ id: "é€", decision: "allow" }]);
});

test("an interpreter's script is part of the request", async () => {
  const pinned = GOOD.replace("- path: /usr/bin/curl", "- path: /usr/bin/python3\n        script: /opt/tool/*.py");
  const python = { ...get, binary: "/usr/bin/python3" };
  const stdin = [{ ...python, script: "/opt/tool/a.py" }, { ...python, script: "/tmp/a.py" }, python]
    .map((each) => JSON.stringify(each))
    .join("\n");
  const { out } = await creel(["policy", "decide", file("script.yaml", pinned)], stdin);
  expect(jsonLines(out).map(({ decision }) => decision)).toEqual(["allow", "deny", "deny"]);
});

test("a bad line names its number, its field, the reason and the remedy", async () => {
  const stdin = [{ ...get, port: "443" }, { ...get, prot: 1 }, [1]].map((each) => JSON.stringify(each)).join("\n");
  const { code, out } = await creel(["policy", "decide", file("good.yaml", GOOD)], stdin);
  expect(code).toBe(2);
  expect(jsonLines(out)).toMatchObject([
    {
      line: 1,
      error: {
        field: "port",
        message: expect.stringContaining("line 1: port:"),
        remedy: expect.stringContaining("binary"),
      },
    },
    { line: 2, error: { field: "prot" } },
    { line: 3, error: { field: null } },
  ]);
});

test.each([
  [{ port: 99_999 }, "port: a whole number from 1 to 65535 is expected"],
  [{ port: 1.5 }, "port: a whole number from 1 to 65535 is expected"],
  [{ binary: "" }, "binary: the absolute path of the program is expected"],
  [{ host: undefined }, "host: the field is missing"],
  [{ ancestors: ["/a", 1] }, "ancestors.1: a text is expected"],
  [{ ancestors: new Array(65).fill("/a") }, "ancestors: a list of at most 64 paths is expected"],
  [{ headers: { accept: 1 } }, "headers.accept: a text is expected"],
  [{ path: "/".repeat(65_537) }, "path: it is longer than 65536 characters"],
  [{ ip: 1 }, "ip: an IP address is expected"],
  [{ prot: 1 }, "prot: a request has no such field"],
])("%j is answered in plain words that name the field", async (wrong, words) => {
  const { out } = await creel(["policy", "decide", file("good.yaml", GOOD)], JSON.stringify({ ...get, ...wrong }));
  expect(jsonLines(out)).toMatchObject([{ error: { message: `line 1: ${words}` } }]);
});

test("a path without a method leaves the connection to be judged", async () => {
  const { code, out } = await creel(
    ["policy", "decide", file("good.yaml", GOOD)],
    JSON.stringify({ ...curl, path: "/no" }),
  );
  expect([code, jsonLines(out)[0]?.decision]).toEqual([0, "allow"]);
});

test("a line past 4 MiB is refused, and the next one answered", async () => {
  const body = "x".repeat(4 * 1024 * 1024);
  const stdin = `${JSON.stringify({ id: 1, ...get, body })}\n${JSON.stringify({ id: 2, ...get })}\n`;
  const chunks = stdin.match(/[\s\S]{1,65536}/g) ?? [];
  const { code, out } = await creel(["policy", "decide", file("good.yaml", GOOD)], chunks);
  expect(code).toBe(2);
  expect(jsonLines(out)).toMatchObject([
    { line: 1, error: { message: expect.stringContaining("4 MiB") } },
    { id: 2, decision: "allow" },
  ]);
});

test("whoever asks one at a time is answered before the next question", async () => {
  const path = file("good.yaml", GOOD);
  let out = "";
  let answered: () => void = () => undefined;
  async function* questions() {
    for (const id of [1, 2, 3]) {
      const answer = new Promise<void>((resolve) => {
        answered = resolve;
      });
      yield `${JSON.stringify({ id, ...get })}\n`;
      await answer;
    }
  }
  const { code } = await creel(["policy", "decide", path], "", {
    stdin: Readable.from(questions()),
    out: (text) => {
      out += text;
      answered();
    },
  });
  expect(code).toBe(0);
  expect(jsonLines(out).map(({ id }) => id)).toEqual([1, 2, 3]);
});

test("a policy that is not valid answers no request", async () => {
  const bad = file("bad.yaml", "version: 1\nnetwork_polices: {}\n");
  expect(await creel(["policy", "decide", bad], JSON.stringify(get))).toMatchObject({
    code: 2,
    out: "",
    err: expect.stringContaining(`${bad}:2:1`),
  });
});

test("lines: exactly at the bound passes, one more is skipped, and nothing is held", async () => {
  const read = async (...chunks: string[]) => {
    const found: [number, string | null][] = [];
    for await (const batch of lineBatches(chunks, 4)) for (const { number, text } of batch) found.push([number, text]);
    return found;
  };
  expect(await read("abcd\nabcde\nx")).toEqual([
    [1, "abcd"],
    [2, null],
    [3, "x"],
  ]);
  expect(await read("abc", "def", "ghi", "\nok")).toEqual([
    [1, null],
    [2, "ok"],
  ]);
  expect(await read("a", "b", "\n", "", "c\n")).toEqual([
    [1, "ab"],
    [2, "c"],
  ]);
  expect(await read("abcdef")).toEqual([[1, null]]);
});
