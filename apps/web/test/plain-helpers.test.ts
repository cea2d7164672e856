import { describe, expect, it } from "vitest";
import { paths, safeNext } from "../src/lib/paths.ts";
import { plainText } from "../src/parts/log-text.ts";
import { isSameOrigin } from "../src/server/same-origin.ts";

describe("after signing in, a link never leads to another site", () => {
  it.each([
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "/\t/evil.example/",
    "\\\\evil.example",
    "javascript:alert(1)",
    "evil",
    "",
    null,
    undefined,
  ])("refuses %j", (next) => {
    expect(safeNext(next)).toBe("/");
  });

  it("keeps a page of this site with its filters", () => {
    expect(safeNext("/decisions?decision=deny")).toBe("/decisions?decision=deny");
  });
});

describe("a mutation by cookie must come from our own pages", () => {
  const headers = (entries: Record<string, string>) => new Headers({ host: "127.0.0.1:7400", ...entries });

  it("accepts the same host and port", () => {
    expect(isSameOrigin(headers({ origin: "http://127.0.0.1:7400" }))).toBe(true);
  });
  it.each<Record<string, string>>([
    {},
    { origin: "null" },
    { origin: "http://evil.example" },
    { origin: "http://127.0.0.1:7401" },
    { origin: "http://localhost:7400" },
    { origin: "http://127.0.0.1:7400.evil.example" },
    { origin: "http://127.0.0.1:7400", "sec-fetch-site": "cross-site" },
    { origin: "http://127.0.0.1:7400", "sec-fetch-site": "same-site" },
  ])("refuses %j", (given) => {
    expect(isSameOrigin(headers(given))).toBe(false);
  });
});

describe("the log shows a hostile agent's output as text", () => {
  it("takes out terminal control sequences", () => {
    expect(plainText("\u001b[31mred\u001b[0m \u001b]0;title\u0007plain\u0000\b!")).toBe("red plain!");
  });
  it("keeps tabs and line breaks", () => {
    expect(plainText("a\tb\r\nc\n")).toBe("a\tb\nc\n");
  });
  it("shows marks that would reorder a line", () => {
    expect(plainText("a\u202eb")).toBe("a\ufffdb");
  });
});

describe("addresses", () => {
  it("leaves empty filters out and escapes ids", () => {
    expect(paths.decisions({ sandboxId: undefined, decision: "deny" })).toBe("/decisions?decision=deny");
    expect(paths.sandbox("a/../b")).toBe("/sandboxes/a%2F..%2Fb");
  });
});
