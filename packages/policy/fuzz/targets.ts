/**
 * What is fuzzed, each with what must hold. A target throws `Broken` when an invariant fails; any other error that
 * leaves it is a crash, unless the function declares it.
 */

import {
  addRule,
  addressClass,
  addressWithin,
  type CompiledPolicy,
  canonicalHost,
  canonicalJson,
  canonicalPath,
  compileGlob,
  compilePolicy,
  createReplay,
  decide,
  diffLines,
  globProblem,
  lintPolicy,
  modelAllowed,
  namesHost,
  PolicyEditError,
  type PolicyRequest,
  parsePolicy,
  parseQuery,
  parseRecordLine,
  planEndpoint,
} from "../src/browser.ts";
import { allowedIpProblem, canonicalAddress } from "../src/canonical/address.ts";
import { readJson } from "../src/canonical/strict-json.ts";
import { parseGraphql } from "../src/protocols/graphql-parse.ts";
import { wide } from "./policies.ts";
import {
  addressSeeds,
  globSeeds,
  graphqlSeeds,
  hostSeeds,
  jsonSeeds,
  pathSeeds,
  policySeeds,
  recordSeeds,
} from "./seeds.ts";

export class Broken extends Error {}

const hold = (claim: boolean, what: string): void => {
  if (!claim) throw new Broken(what);
};

export interface Target {
  name: string;
  seeds: readonly string[];
  /** Repeated to see how time grows with the text. */
  units: readonly string[];
  /** Put before and after the repetitions, where only there they mean something. */
  around?: readonly (readonly [string, string])[];
  /** Returns what came of it in a few words; a text with a new outcome is worth mutating further. */
  run(text: string): string;
}

const DECISIONS = new Set(["allow", "deny", "would_deny"]);
const NOW_MS = Date.UTC(2026, 0, 1);

/** The decision and its reason without what is quoted or counted, so that reasons are told apart by kind. */
const kindOf = (decision: string, reason: string): string =>
  `${decision} ${reason
    .slice(0, 300)
    .replace(/[`"“][^`"”]*[`"”]|\S*[\d/]\S*/g, "_")
    .slice(0, 80)}`;

function judge(policy: CompiledPolicy, request: PolicyRequest): string {
  const first = decide(policy, request, NOW_MS);
  hold(DECISIONS.has(first.decision) && first.reason !== "", "a decision is one of three, with a reason");
  const second = decide(policy, request, NOW_MS);
  hold(first.decision === second.decision && first.rule === second.rule, "the same request gets the same decision");
  return kindOf(first.decision, first.reason);
}

let widePolicy: CompiledPolicy | undefined;
const compiledWide = (): CompiledPolicy => {
  if (widePolicy === undefined) {
    const { policy, problems } = parsePolicy(wide);
    if (policy === null) throw new Error(`The fuzzer's own policy does not load: ${JSON.stringify(problems[0])}`);
    widePolicy = compilePolicy(policy);
  }
  return widePolicy;
};

const base: PolicyRequest = { binary: "/usr/bin/agent", host: "api.forge.example", port: 443 };
const ask = (request: Partial<PolicyRequest>): string => judge(compiledWide(), { ...base, ...request });

export const targets: readonly Target[] = [
  {
    name: "policy",
    seeds: policySeeds,
    units: [
      ..."a:\n|- a\n|[|{|- |? |: |#\n| |\n|\t|&a |*a |!!x |---\n|...\n|'|\"|''|\\x41|a, |{a: b},|[],|{},|%A\n|é|\u2028|\ud800|\u0000|,|: \n|a: b: |>\n |- |\n  x\n|: : |[a]: b\n|{? a},|\"a\": ".split(
        "|",
      ),
    ],
    around: [
      ["", ""],
      ["version: 1\nnetwork_policies: {", "}"],
      ["version: 1\nnetwork_policies:\n  x:\n    reason: ", "\n"],
      ['a: "', '"'],
      ["a: '", "'"],
      ["a: |\n  ", "\n"],
      ["[", "]"],
    ],
    run(text) {
      const { policy, problems } = parsePolicy(text);
      hold(policy !== null || problems.some((p) => p.severity === "error"), "a file without a policy has an error");
      hold(policy === null || problems.every((p) => p.severity !== "error"), "a file with an error has no policy");
      for (const { place, message, remedy } of problems)
        hold(
          place.line >= 1 && place.column >= 1 && message !== "" && remedy !== "",
          "each problem has a place, a message and a remedy",
        );
      for (const problem of lintPolicy(text, NOW_MS)) hold(problem.message !== "", "each lint has a message");
      const codes = [...new Set(problems.map((p) => p.code))].sort().join(" ");
      if (policy === null) return codes;
      const compiled = compilePolicy(policy);
      judge(compiled, { ...base, method: "GET", path: "/a?b=c" });
      planEndpoint(compiled, base, NOW_MS);
      for (const test of policy.tests.slice(0, 20)) judge(compiled, test.request);
      return `loads ${codes} ${Object.keys(policy.network_policies).length}`;
    },
  },
  {
    name: "edit",
    seeds: policySeeds,
    units: ["  a:\n    endpoints: []\n", "# c\n", "\n", " "],
    around: [["version: 1\nnetwork_policies:\n", ""]],
    run(text) {
      try {
        const rule = { binary: "/usr/bin/new", host: "new.example.com", port: 443, method: "GET", path: "/x" };
        const edited = addRule(text, rule);
        hold(parsePolicy(edited).policy !== null, "an edited file loads");
        hold(addRule(edited, rule) === edited, "an edit made twice is made once");
        diffLines(text, edited);
        return "edited";
      } catch (error) {
        if (!(error instanceof PolicyEditError)) throw error;
        return error.message.replace(/[`"][^`"]*[`"]|\d+/g, "_").slice(0, 80);
      }
    },
  },
  {
    name: "host",
    seeds: hostSeeds,
    units: ["a", "a.", ".", "xn--", "é", "0", "0x", ":", "[", "\u00ad", "-", "%", "\ud800", "ｅ"],
    run(text) {
      const host = canonicalHost(text);
      if (host !== null) {
        hold(canonicalHost(host) === host, "the form of a host is its own form");
        hold(host === host.toLowerCase() && !host.endsWith("."), "a host is lower case and has no dot at the end");
      }
      namesHost(compiledWide(), text);
      return ask({ host: text });
    },
  },
  {
    name: "path",
    seeds: pathSeeds,
    units: [..."/ a /a /.. /. %2e %2F % %25 ; ? & = a=b& é %c3%a9 %00 + \\ [ /../ //".split(" "), " ", "\ud800"],
    around: [
      ["/", ""],
      ["/a?", ""],
      ["", ""],
    ],
    run(text) {
      for (const allowEncodedSlash of [true, false]) {
        const target = canonicalPath(text, { allowEncodedSlash });
        if (target === null) continue;
        const joined = target.query === "" ? target.path : `${target.path}?${target.query}`;
        const again = canonicalPath(joined, { allowEncodedSlash });
        hold(again?.path === target.path && again.query === target.query, "the form of a target is its own form");
        hold(!/(^|\/)\.\.?(\/|$)/.test(target.path), "no dot segment is left");
        hold(!target.path.includes("//"), "no double slash is left");
        const pairs = parseQuery(target.query);
        hold(pairs === null || Array.isArray(pairs), "a query is read or refused");
      }
      return ["GET", "POST", text.slice(0, 64)].map((method) => ask({ method, path: text })).join(" ");
    },
  },
  {
    name: "address",
    seeds: addressSeeds,
    units: ["1", "1.", ":", "::", "0:", "f", "0", ".", "%", "/", "0x", "[", " "],
    run(text) {
      const address = canonicalAddress(text);
      if (address !== null) {
        hold(canonicalAddress(address) === address, "the form of an address is its own form");
        hold(addressClass(address) === addressClass(text), "an address and its form are of one class");
      }
      addressClass(text);
      addressWithin(text, ["10.0.0.0/8", "fd00::/8"]);
      addressWithin("10.1.2.3", [text]);
      allowedIpProblem(text);
      return `${addressClass(text)} ${ask({ ip: text })} ${ask({ host: text, ip: text })}`;
    },
  },
  {
    name: "glob",
    seeds: globSeeds,
    units: [..."* ** ? a /a [a-z] [!a] a* *a /** /*/ [ ] **/ [a-z]* a?".split(" ")],
    around: [
      ["", ""],
      ["/", "z"],
    ],
    run(text) {
      const problem = globProblem(text);
      if (problem !== null) return problem.replace(/`[^`]*`|"[^"]*"|\d+/g, "_").slice(0, 80);
      let outcome = "";
      for (const separator of ["/", ".", ""] as const)
        for (const ignoreCase of [true, false]) {
          const matches = compileGlob(text, { separator, ignoreCase });
          for (const subject of ["", "/", "a".repeat(2_000), "/a".repeat(1_000), "a.".repeat(500), text, `${text}x`])
            outcome += matches(subject) ? "1" : "0";
          if (!/[*?[\]]/.test(text)) hold(matches(text), "a plain pattern matches itself");
        }
      return outcome;
    },
  },
  {
    name: "globText",
    seeds: pathSeeds,
    units: ["a", "/", "/a", ".", "ab", "é", "\ud800", "aaaaaaaab"],
    run(text) {
      let outcome = "";
      for (const pattern of ["/**/a/**/b/**/c", "*a*a*a*a*b", "**/**/**/x", "a?*a?*a?*", "/**", "[!b]*[!b]*c", "*"])
        for (const separator of ["/", ""] as const) outcome += compileGlob(pattern, { separator })(text) ? "1" : "0";
      return outcome;
    },
  },
  {
    name: "json",
    seeds: jsonSeeds,
    units: [
      ...'[ { " \\ {"a": [1, [], {}, 1 1, -e 0.0 \\u0041 "a":1, ] } tru e+'.split(" "),
      " ",
      "\ud800",
      '"',
      '{"a":1},',
    ],
    around: [
      ["", ""],
      ["[", "0]"],
      ['{"a":"', '"}'],
      ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":[', "1]}}"],
    ],
    run(text) {
      const read = readJson(text);
      if (read.ok) {
        const form = canonicalJson(read.value);
        const again = readJson(form);
        hold(again.ok && canonicalJson(again.value) === form, "the form of a value is its own form");
      }
      modelAllowed(compiledWide(), text.slice(0, 500));
      const headers = { "content-type": "application/json" };
      return ["mcp.example.net", "rpc.example.net"]
        .map((host) => ask({ host, method: "POST", path: "/mcp", headers, body: text }))
        .join(" ");
    },
  },
  {
    name: "graphql",
    seeds: graphqlSeeds,
    units: [
      ...'{ } ( ) a { a{ ...F ...on @d a:b $a: [ " # , a(x:1) fragment query{a} \\ """ {a} & | !'.split(" "),
      " ",
      "\n",
      "#\n",
    ],
    around: [
      ["", ""],
      ["{", "}"],
      ["query(", "){a}"],
      ['{a(x:"', '")}'],
      ["{a(x:", "1)}"],
    ],
    run(text) {
      parseGraphql(text);
      const body = JSON.stringify({ query: text });
      const message = JSON.stringify({ type: "subscribe", id: "1", payload: { query: text } });
      const headers = { "content-type": "application/json" };
      return [
        ask({ host: "g.example.net", method: "POST", path: "/graphql", headers, body }),
        ask({ host: "g.example.net", method: "GET", path: `/graphql?query=${encode(text.slice(0, 3_000))}` }),
        ask({ host: "ws.example.net", method: "WEBSOCKET_TEXT", path: "/graphql", body: message }),
      ].join(" ");
    },
  },
  {
    name: "request",
    seeds: [...pathSeeds, ...hostSeeds, ...jsonSeeds, "GET", "x-http-method-override: DELETE", "/usr/bin/agent"],
    units: ["a", "/a", ":", "\n", "\ud800", "/..", " ", "a: b\n", "%2f"],
    run(text) {
      planEndpoint(compiledWide(), { ...base, binary: text, host: text.slice(0, 300) }, NOW_MS);
      const headers = Object.fromEntries(text.split("\n").map((line) => [line.slice(0, 40), line]));
      const hops = { upgrade: text, "x-method-override": text, "content-length": text };
      return [
        ask({ binary: text }),
        ask({ method: text, path: "/" }),
        ask({ sha256: text, script: text, ancestors: [text, "/usr/bin/agent"] }),
        ask({ method: "POST", path: "/headers", headers, body: text }),
        ask({ method: "GET", path: "/", headers: hops }),
        ask({ host: "inference.local", method: "POST", path: "/v1/chat/completions", body: text }),
        ask({ port: text.length, method: "GET", path: "/" }),
      ].join(" ");
    },
  },
  {
    name: "record",
    seeds: recordSeeds,
    units: ["a", "[", '{"a":', ",", '"', '"a",', "\n"],
    around: [
      ["", ""],
      [
        '{"time":"2026-01-01T00:00:00Z","binary":{"path":"/usr/bin/curl","ancestors":[',
        '"/a"]},"host":"x.example.com","port":443,"decision":"allow","rule":null}',
      ],
      ['{"time":"2026-01-01T00:00:00Z","binary":null,"host":"', '","port":443,"decision":"deny","rule":null}'],
    ],
    run(text) {
      const read = parseRecordLine(text);
      if (!read.ok) {
        hold(read.problem !== "", "a refused line says why");
        return read.problem.replace(/"[^"]*"|\d+/g, "_").slice(0, 80);
      }
      const replay = createReplay({ after: compiledWide() });
      replay.add(read.record);
      const { total, skipped, broken, opened, uncertain } = replay.result();
      hold(total === 1 && skipped <= 1, "each line is counted once");
      return `${skipped} ${broken} ${opened} ${uncertain}`;
    },
  },
];

/** `encodeURIComponent` throws on half of a surrogate pair. */
function encode(text: string): string {
  return encodeURIComponent(text.replace(/[\ud800-\udfff]/g, "\ufffd"));
}
