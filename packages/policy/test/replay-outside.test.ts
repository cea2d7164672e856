/**
 * Denials that the gateway spoke for its own reasons are told from those of a policy by their sentence. These tests read the gateway's
 * source, so that a new sentence there cannot go unnoticed here.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createReplay, type RecordedRequest } from "../src/index.ts";
import { outsideCause } from "../src/replay/outside.ts";
import { compiled } from "./support.ts";

const GATEWAY = fileURLToPath(new URL("../../gateway/src/", import.meta.url));
/** Files that speak to operators, agents or upstreams and never write down a decision. */
const NO_DECISIONS = [
  "ca/",
  "journal/",
  "openNetwork.ts",
  "gateway.ts",
  "upstream/pools.ts",
  "upstream/authorities.ts",
  "http/answers.ts",
  "http/forward.ts",
  "http1/writeHead.ts",
  "own/",
];
/** Sentences of the other files that are no reason of a denial. */
const NO_REASONS = [
  "The policy changed while this was judged; ask again.",
  "The upstream did not answer in time.",
  "The answer's length is not one number.",
  "The decision could not be written down.",
  "No model is configured on this host.",
  "The inference router failed on this request.",
  "The upstream answered X instead of upgrading.",
  "The upstream's acceptance of the WebSocket is not the plain one that was asked for.",
  "X could not be reached.",
  "X:X could not be reached.",
  "The name X could not be resolved (X).",
  "The name X has no address.",
  "Sandbox X: who connected is unknown (X).",
  "A connection of sandbox X was cut: X",
];
/** Written with `rule: "credentials"`, by which they are known. */
const CREDENTIALS = "credentials/";

function sentences(): { file: string; text: string }[] {
  const files = readdirSync(GATEWAY, { recursive: true, encoding: "utf8" }).filter(
    (file) =>
      file.endsWith(".ts") &&
      !NO_DECISIONS.some((skipped) => file.startsWith(skipped)) &&
      !file.startsWith(CREDENTIALS),
  );
  return files.flatMap((file) => {
    const source = readFileSync(join(GATEWAY, file), "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
    const found = source.matchAll(/"((?:[A-Z`][^"\n]*|)\.\??)"|`([^`\n]*(?:\\`[^`\n]*)*\.)`/g);
    return [...found].map((match) => ({
      file,
      text: (match[1] ?? match[2] ?? "").replaceAll("\\`", "`").replace(/\$\{[^}]*\}/g, "X"),
    }));
  });
}

const denied = (reason: string): RecordedRequest => ({
  time: "2026-05-01T00:00:00Z",
  kind: "http",
  binary: { path: "/usr/bin/p" },
  host: "h.example.com",
  port: 443,
  method: "GET",
  path: "/",
  decision: "deny",
  rule: null,
  reason,
});
const kindOf = (endpoint: string, record: RecordedRequest): string => {
  const replay = createReplay({
    after: compiled(
      `version: 1\nnetwork_policies:\n  x: {endpoints: [{host: h.example.com, port: 443${endpoint}}], binaries: [{path: /usr/bin/p}]}\n`,
    ),
  });
  replay.add(record);
  const { unchanged, opened, uncertain } = replay.result();
  return unchanged === 1 ? "unchanged" : opened === 1 ? "opened" : uncertain === 1 ? "uncertain" : "broken";
};
const READ = ", protocol: rest, access: full";

describe("a denial that no policy spoke", () => {
  it("is known by each sentence that the gateway's source holds", () => {
    const all = sentences().filter(({ text }) => /^[A-Z`X].*\.$/.test(text) && text.includes(" "));
    expect(all.length).toBeGreaterThan(25);
    const unknown = all.filter(({ text }) => {
      if (NO_REASONS.includes(text)) return false;
      const spoken = text.replace("of this X.", "of this hour.").replace(/\bX\b/g, "7");
      return outsideCause(denied(spoken)) === null && outsideCause(denied(text)) === null;
    });
    expect(unknown).toEqual([]);
  });

  it("is never called opened, because the gateway would refuse it again", () => {
    expect(kindOf(READ, denied("The method TRACE is not passed on."))).toBe("unchanged");
    expect(kindOf(READ, denied("The Host header says evil.example, the connection is to h.example.com:443."))).toBe(
      "unchanged",
    );
    expect(kindOf(READ, { ...denied("The kernel has no record of who opened this connection."), binary: null })).toBe(
      "unchanged",
    );
    expect(kindOf(READ, denied("No entry names h.example.com:443."))).toBe("opened");
  });

  it("is uncertain where the version would not even look", () => {
    expect(kindOf("", denied("The method TRACE is not passed on."))).toBe("uncertain");
    expect(kindOf("", denied("The TLS server name is evil.example, the connection is to h.example.com."))).toBe(
      "unchanged",
    );
  });

  it("is uncertain where it hung on counts, bodies or credentials", () => {
    expect(kindOf(READ, { ...denied("Entry `x` has used its 10 requests of this hour."), rule: "x" })).toBe(
      "uncertain",
    );
    expect(kindOf(READ, denied("The body is larger than the policy can judge."))).toBe("uncertain");
    expect(
      kindOf(READ, {
        ...denied("The credential in header x is not bound to h.example.com:443/."),
        rule: "credentials",
      }),
    ).toBe("uncertain");
  });

  it("stays denied where the version denies it too", () => {
    expect(
      kindOf(", protocol: rest, access: read-only", {
        ...denied("Entry `x` has used its 10 requests of this hour."),
        method: "POST",
      }),
    ).toBe("unchanged");
  });
});
