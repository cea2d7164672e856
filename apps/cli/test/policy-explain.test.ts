import { expect, test } from "vitest";
import { GOOD, policyWorkshop } from "./policy-support.ts";

const { file, creel } = policyWorkshop();
const curl = ["--binary", "/usr/bin/curl", "--host", "tickets.creel.example", "--port", "443"];
const get = [...curl, "--method", "GET", "--path", "/api/x"];
const good = file("good.yaml", GOOD);
const record = {
  time: "2026-05-01T10:00:00Z",
  org: "o",
  node: "n",
  sandbox: "s",
  seq: 1,
  kind: "http",
  binary: { path: "/usr/bin/curl", sha256: null, pid: 2, ancestors: [] },
  host: "tickets.creel.example",
  port: 443,
  protocol: "https",
  method: "POST",
  path: "/api/x",
  decision: "deny",
  rule: "tickets",
  reason: "",
  policyDigest: "",
  generation: 1,
  bytesIn: 0,
  bytesOut: 0,
  durationMs: 1,
};

test("an allowed request: the decision first, then the steps with their places, then the line that decided", async () => {
  const { code, out } = await creel(["policy", "explain", good, ...curl, "--method", "GET", "--path", "/api/x?y=1"]);
  expect(code).toBe(0);
  const lines = out.split("\n");
  expect(lines[0]).toBe("✓ allowed  GET tickets.creel.example:443/api/x?y=1 by /usr/bin/curl [tickets]");
  expect(out).toContain(`names the program  ${good}:11:9`);
  expect(out).toContain(`Decided at ${good}:9:13`);
  expect(lines).toContain("  9 |           - allow: { method: GET, path: /api/** }");
});

test("a denied request exits 3, and what it shows under --json is whole", async () => {
  const { code, out } = await creel([
    "policy",
    "explain",
    "--json",
    good,
    ...curl,
    "--method",
    "POST",
    "--path",
    "/api/x",
  ]);
  expect(code).toBe(3);
  expect(JSON.parse(out)).toMatchObject({
    request: { binary: "/usr/bin/curl", port: 443, method: "POST" },
    decision: { decision: "deny", rule: "tickets" },
    steps: expect.arrayContaining([expect.objectContaining({ outcome: "fails" })]),
  });
});

test("headers, parents, script and address reach the judge", async () => {
  const inherit = file("inherit.yaml", GOOD.replace("- path: /usr/bin/curl", "- { path: /bin/sh, inherit: true }"));
  const { code, out } = await creel([
    "policy",
    "explain",
    "--json",
    inherit,
    ...curl,
    "--ancestor",
    "/usr/bin/make",
    "--ancestor",
    "/bin/sh",
    "--method",
    "GET",
    "--path",
    "/api/x",
    "--header",
    "accept=text/html",
    "--ip",
    "11.22.33.44",
  ]);
  expect(code).toBe(0);
  expect(JSON.parse(out).request).toMatchObject({
    ancestors: ["/usr/bin/make", "/bin/sh"],
    headers: { accept: "text/html" },
    ip: "11.22.33.44",
  });
});

test.each([
  [
    "a request line",
    JSON.stringify({
      binary: "/usr/bin/curl",
      host: "tickets.creel.example",
      port: 443,
      method: "POST",
      path: "/api/x",
    }),
  ],
  ["a decision record", JSON.stringify(record)],
  ["a line of a node's journal", JSON.stringify({ type: "decision", boot: "b", record })],
])("%s on standard input is explained", async (_name, stdin) => {
  const { code, out } = await creel(["policy", "explain", good], `\n${stdin}\n`);
  expect([code, out.split("\n")[0]]).toEqual([
    3,
    "✗ denied  POST tickets.creel.example:443/api/x by /usr/bin/curl [tickets]",
  ]);
});

test("a record without a program is explained as such", async () => {
  const { code, out } = await creel([
    "policy",
    "explain",
    good,
    "--request",
    JSON.stringify({ ...record, binary: null }),
  ]);
  expect(code).toBe(3);
  expect(out).toContain("by a program that nobody vouched for");
});

test.each([
  [["--binary", "/a", "--host", "a.example"], "", "--port is missing"],
  [[...curl.slice(0, 5), "443a"], "", '"443a" is no port'],
  [[...curl.slice(0, 5), "0"], "", "port"],
  [[...curl.slice(0, 5), "65536"], "", '--port: "65536" is no port'],
  [[...get, "--header", "novalue"], "", '"novalue" is no header'],
  [[...curl, "--path", "/secret"], "", "--path needs --method"],
  [[...curl, "--header", "a=b"], "", "--header needs --method"],
  [[...curl, "--body", "{}"], "", "--body needs --method"],
  [[...curl, "--method", "GET"], "", "--method needs --path"],
  [[...curl, "--host", "https://api.example.com"], "", "--host: a host name without scheme"],
  [[...curl, "--host", "api.example.com:443"], "", "--host: a host name without port"],
  [[...curl, "--host", "api.example.com/v1"], "", "--host: a host name without path"],
  [[...curl, "--host", "api..example"], "", "--host: a host name or an IP address"],
  [[...curl, "--binary", "curl"], "", "--binary: an absolute path, as the kernel reports it"],
  [[...curl, "--script", "a.py"], "", "--script: an absolute path"],
  [[...curl, "--ancestor", "/bin/sh", "--ancestor", "make"], "", "--ancestor: an absolute path"],
  [[...curl, "--ip", "nonsense"], "", "--ip: an IP address"],
  [[...curl, "--sha256", "abc"], "", "--sha256: a digest of 64 hex digits"],
  [[...curl, "--method", "GET /v1", "--path", "/"], "", "--method: one word"],
  [[...curl, "--request", "{}"], "", "cannot stand together"],
  [["--request", "{"], "", "not JSON"],
  [["--request", '{"binary":"/a","host":"h.example","port":1,"methode":"GET"}'], "", "methode"],
  [[], "", "holds no request"],
  [[], "{}\n", "standard input, line 1"],
  [[], '\n\n{"binary":1}\n', "standard input, line 3"],
  [[], JSON.stringify({ ...record, kind: "dns" }), "lookup of the name"],
  [[], JSON.stringify({ type: "flow_end", boot: "b", flow: {} }), "end of a connection"],
])("%j with %j on stdin is wrong usage that says what is wrong", async (args, stdin, reason) => {
  const { code, err, out } = await creel(["policy", "explain", good, ...args], stdin);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain(reason);
});

test("both ends of the ports and an address of six parts are no slips", async () => {
  for (const port of ["1", "65535"]) {
    const { code } = await creel(["policy", "explain", good, ...curl.slice(0, 5), port]);
    expect(code).toBe(3);
  }
  const address = await creel(["policy", "explain", good, "--binary", "/a", "--host", "2606:4700::1", "--port", "443"]);
  expect(address.code).toBe(3);
});

test("at a terminal nobody waits for a line that nobody types", async () => {
  const { code, err } = await creel(["policy", "explain", good], "", { terminal: { types: true, watches: true } });
  expect(code).toBe(2);
  expect(err).toContain("no request was given");
});

test("under --json a policy that is not valid names every problem with its place", async () => {
  const bad = file("bad.yaml", GOOD.replace("protocol:", "protcol:").replace("port: 443", "port: 0"));
  const { code, out } = await creel(["policy", "explain", "--json", bad, ...curl]);
  expect(code).toBe(2);
  const { error } = JSON.parse(out);
  expect(error).toMatchObject({ place: bad, exitCode: 2 });
  expect(error.problems.map((problem: { place: { line: number } }) => problem.place.line).slice(0, 2)).toEqual([6, 7]);
});
