import { Text } from "@codemirror/state";
import type { RequestChange, RiskGrade } from "@creel/policy/browser";
import { describe, expect, it } from "vitest";
import { offsetOf, wordAt } from "../src/editor/place.ts";
import {
  callerWords,
  gravestFirst,
  methodWords,
  requestWords,
  textSetWords,
  valueWords,
} from "../src/parts/policy-diff/diff-text.ts";
import { answerOf } from "../src/policy/engine.ts";
import { refusalOf } from "../src/policy/use-comparison.ts";

const doc = Text.of(["version: 1", "mode: monitr", "  - host: 'a b'", ""]);

describe("places in the editor", () => {
  it("count from 1 and stay inside a text that has become shorter", () => {
    expect(offsetOf(doc, { line: 1, column: 1 })).toBe(0);
    expect(offsetOf(doc, { line: 2, column: 7 })).toBe(17);
    expect(offsetOf(doc, { line: 2, column: 700 })).toBe(doc.line(2).to);
    expect(offsetOf(doc, { line: 99, column: 1 })).toBe(doc.length);
    expect(offsetOf(doc, { line: 0, column: 0 })).toBe(0);
  });
  it("underline the word that a problem speaks of, and never nothing where there is a line", () => {
    const word = (line: number, column: number) => {
      const { from, to } = wordAt(doc, { line, column });
      return doc.sliceString(from, to);
    };
    expect(word(2, 7)).toBe("monitr");
    expect(word(2, 1)).toBe("mode");
    expect(word(3, 11)).toBe("'a b'");
    expect(word(2, 13)).toBe("mode: monitr");
  });
});

const plain = { except: [], sha256: null, script: null, ancestor: null };

describe("a diff in words", () => {
  it("names what is in a set and what is not", () => {
    expect(textSetWords({ match: "*.example.com", except: [] })).toBe("`*.example.com`");
    expect(textSetWords({ match: "/**", except: ["/admin/**", "/x"] })).toBe("`/**` except `/admin/**`, `/x`");
    expect(textSetWords({ match: "/a", except: [], also: ["/*"] })).toBe("`/a` that also match `/*`");
    expect(callerWords({ ...plain, match: "/usr/bin/python3", script: { match: "/app/x.py", except: [] } })).toBe(
      "`/usr/bin/python3`, running `/app/x.py`",
    );
    expect(callerWords({ ...plain, match: "/bin/x", ancestor: { match: "/bin/y", except: [] } })).toContain(
      "started by",
    );
  });
  it("says the methods, all but some, or the connection", () => {
    expect(methodWords({ methods: null, methodsExcept: [] })).toBe("the connection as a whole");
    expect(methodWords({ methods: ["GET", "POST"], methodsExcept: [] })).toBe("`GET`, `POST`");
    expect(methodWords({ methods: ["*"], methodsExcept: ["GET"] })).toBe("any method except `GET`");
  });
  it("writes a request the way people do", () => {
    const request = { binary: "/usr/bin/curl", host: "a.example.com", port: 443 };
    expect(requestWords(request)).toBe("curl: a.example.com:443");
    expect(requestWords({ ...request, method: "POST", path: "/x" })).toBe("curl: POST a.example.com/x");
    expect(requestWords({ ...request, port: 8443, method: "GET", path: "/" })).toBe("curl: GET a.example.com:8443/");
  });
  it("puts the gravest first and keeps the order of equals", () => {
    const of = (grade: RiskGrade, sentence: string) =>
      ({ risk: { grade, reasons: [] }, sentence }) as unknown as RequestChange;
    const sorted = gravestFirst([of("low", "a"), of("critical", "b"), of("none", "c"), of("critical", "d")]);
    expect(sorted.map(({ sentence }) => sentence)).toEqual(["b", "d", "a", "c"]);
  });
  it("cuts a value that would fill the screen", () => {
    expect(valueWords(undefined)).toBe("not set");
    expect(valueWords(["/tmp"])).toBe('["/tmp"]');
    expect(valueWords("x".repeat(300))).toBe("x".repeat(300));
    expect(valueWords("x".repeat(301))).toBe(`${"x".repeat(300)}…`);
  });
});

const POLICY = `version: 1
network_policies:
  tickets:
    endpoints:
      - host: tickets.creel.example
        port: 443
        protocol: rest
        access: read-only
    binaries:
      - path: /usr/bin/curl
`;
const TESTS = `tests:
  - request: { binary: /usr/bin/curl, host: tickets.creel.example, port: 443, method: DELETE, path: / }
    expect: `;
const NOW = Date.UTC(2026, 4, 3);

describe("a comparison", () => {
  const compare = (before: string, after: string) =>
    answerOf({ call: "compare", given: { before, after, nowMs: NOW } }) as Parameters<typeof refusalOf>[0]["data"];
  const asked = (data: ReturnType<typeof compare>) =>
    refusalOf({ data, isError: false } as Parameters<typeof refusalOf>[0]);

  it("hinders saving while it is not there, and where the text's own tests fail", () => {
    expect(asked(undefined)).toContain("still being compared");
    expect(asked(compare(POLICY, `${POLICY}${TESTS}deny\n`))).toBeNull();
    expect(asked(compare(POLICY, `${POLICY}${TESTS}allow\n`))).toContain("tests fail");
    expect(asked(compare(POLICY, "nonsense: 1\n"))).toContain("errors");
  });
  it("says which text it could not read", () => {
    expect(compare("nonsense: 1\n", POLICY)).toMatchObject({
      diff: null,
      incomparable: expect.stringContaining("earlier"),
    });
    expect(compare(POLICY, "nonsense: 1\n")).toMatchObject({
      diff: null,
      incomparable: expect.stringContaining("newer"),
    });
  });
  it("that failed does not lock the file: the lines are there and the server judges", () => {
    expect(refusalOf({ data: undefined, isError: true } as Parameters<typeof refusalOf>[0])).toBeNull();
  });
});
