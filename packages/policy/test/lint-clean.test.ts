/** Well-written files give no warning, and the work on a large one grows with its length alone. */
import { expect, test, vi } from "vitest";
import { lintPolicy } from "../src/index.ts";
import { Lint } from "../src/lint/context.ts";
import { EndpointIndex } from "../src/lint/endpoints.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");

const CODING_AGENT = `# A coding agent: reads its repository, opens pull requests, installs packages.
version: 1
filesystem_policy:
  include_workdir: true
  read_only: [/usr, /lib, /etc]
  read_write: [/tmp]
landlock: { compatibility: hard_requirement }
process: { run_as_user: sandbox, run_as_group: sandbox }
network_policies:
  clone:
    owner: platform
    reason: The agent works on one repository.
    endpoints:
      - host: github.com
        port: 443
        protocol: rest
        rules:
          - allow: { method: GET, path: /acme/shop.git/info/refs, query: { service: "git-*" } }
          - allow: { method: POST, path: /acme/shop.git/git-upload-pack }
    binaries:
      - path: /usr/lib/git-core/git-remote-https
  pull_requests:
    endpoints:
      - host: api.github.com
        port: 443
        protocol: rest
        rules:
          - allow: { method: GET, path: "/repos/acme/shop/**" }
          - allow: { method: POST, path: /repos/acme/shop/pulls }
          - allow: { method: POST, path: "/repos/acme/shop/issues/*/comments" }
        deny_rules:
          - { method: "*", path: "/repos/acme/shop/hooks/**" }
          - { method: "*", path: "/repos/acme/shop/keys/**" }
    binaries:
      - path: /usr/bin/gh
  packages:
    endpoints:
      - { host: npm.packages.example, port: 443, protocol: rest, access: read-only }
    binaries:
      - path: /usr/bin/node
        script: /usr/lib/node_modules/npm/bin/npm-cli.js
inference:
  models: ["nvidia/*", "claude-*"]
  binaries: [{ path: /usr/local/bin/agent }]
credentials:
  github_token:
    endpoints:
      - { host: api.github.com, port: 443, path: "/repos/acme/shop/**" }
tests:
  - name: it may open a pull request
    request: { binary: /usr/bin/gh, host: api.github.com, port: 443, method: POST, path: /repos/acme/shop/pulls }
    expect: allow
    rule: pull_requests
  - name: it may not read deploy keys
    request: { binary: /usr/bin/gh, host: api.github.com, port: 443, method: GET, path: /repos/acme/shop/keys/1 }
    expect: deny
`;

const SUPPORT_AGENT = `# A support agent: reads tickets, answers them, asks a tool server and an internal database.
version: 1
network_policies:
  tickets:
    expires_at: 2026-12-31T00:00:00Z
    ticket: SEC-1042
    request: { headers: { content-type: "application/json*" }, max_body_bytes: 65536 }
    endpoints:
      - host: desk.example.com
        port: 443
        protocol: rest
        access: read-write
        deny_rules:
          - { method: "*", path: "/api/v2/users/**" }
          - { method: "*", path: "/api/v2/tickets/*/*/merge/**" }
    binaries:
      - { path: /opt/support/agent, sha256: ${"4b".repeat(32)} }
  tools:
    endpoints:
      - host: tools.internal.example.com
        port: 443
        path: "/mcp/**"
        protocol: mcp
        allowed_ips: [10.20.0.0/16]
        rules:
          - allow: { method: initialize }
          - allow: { method: tools/list }
          - allow: { method: tools/call, tool: "search_*" }
          - allow: { method: tools/call, params: { name: read_file, arguments: { path: "/kb/**" } } }
    binaries:
      - { path: /opt/support/agent, sha256: ${"4b".repeat(32)} }
  replica:
    endpoints:
      - { host: replica.db.example.com, port: 5432, protocol: tcp, allowed_ips: [10.30.4.0/24] }
    binaries:
      - path: /opt/support/report
  graph:
    endpoints:
      - host: graph.example.com
        port: 443
        protocol: graphql
        access: read-only
    binaries:
      - path: /opt/support/report
`;

const DATA_AGENT = `# A data agent under observation for two more weeks.
version: 1
mode: monitor
monitor_until: 2026-06-15T00:00:00Z
network_policies:
  warehouse:
    endpoints:
      - host: "*.warehouse.example.com"
        ports: [443, 8443]
        protocol: rest
        rules:
          - allow: { method: GET, path: "/v1/tables/**" }
          - allow: { method: POST, path: /v1/query, query: { mode: read } }
    binaries:
      - { path: /usr/bin/python3, script: "/opt/jobs/*.py" }
  objects:
    endpoints:
      - host: reports.s3.eu-central-1.amazonaws.com
        port: 443
        protocol: rest
        access: read-only
        credential_signing: sigv4
        signing_service: s3
        signing_region: eu-central-1
    binaries:
      - path: /opt/jobs/export
  live:
    endpoints:
      - host: stream.example.com
        port: 443
        protocol: websocket
        rules:
          - allow: { method: GET, path: /feed }
          - allow: { operation_type: subscription, fields: [prices] }
    binaries:
      - path: /opt/jobs/follow
  packages:
    endpoints:
      - { host: pypi.packages.example, port: 443, protocol: rest, access: read-only }
      - { host: pypi-files.packages.example, port: 443, protocol: rest, access: read-only }
    binaries:
      - { path: /usr/bin/python3*, script: /usr/bin/pip3 }
`;

test.each([
  ["a coding agent", CODING_AGENT],
  ["a support agent", SUPPORT_AGENT],
  ["a data agent", DATA_AGENT],
])("the policy of %s gives no warning", (_, text) => expect(lintPolicy(text, NOW)).toEqual([]));

const large = (entries: number, host: (i: number) => string): string =>
  `version: 1\nnetwork_policies:\n${Array.from({ length: entries }, (_, i) => ` e${i}: {endpoints: [{host: ${host(i)},port: 443,protocol: rest,access: full}],binaries: [{path: /p${i}}]}`).join("\n")}\n`;

/** What the linter looks at beside each endpoint: neighbours it compares with, and requests it judges. */
function comparisons(text: string): number {
  const judged = vi.spyOn(Lint.prototype, "allowed");
  const neighbours = [vi.spyOn(EndpointIndex.prototype, "applying"), vi.spyOn(EndpointIndex.prototype, "ofHost")];
  try {
    lintPolicy(text, NOW);
    const lengths = neighbours.flatMap(({ mock }) =>
      mock.results.map((result) => (result.type === "return" ? result.value.length : 0)),
    );
    return lengths.reduce((total, length) => total + length, judged.mock.calls.length);
  } finally {
    for (const spy of [judged, ...neighbours]) spy.mockRestore();
  }
}

test.each([
  ["hosts of their own", (i: number) => `h${i}.a.io`],
  ["one host", () => "a.example.com"],
  ["one pattern", () => '"*.example.com"'],
])("many entries that name %s are not compared each with every other", (_, host) => {
  const [some, twice] = [comparisons(large(400, host)), comparisons(large(800, host))];
  expect(some).toBeGreaterThan(0);
  expect(twice).toBeLessThanOrEqual(2 * some);
});

test("many deny rules on one host do not multiply", () => {
  const file = (count: number): string => {
    const denies = Array.from({ length: count }, (_, i) => `{method: POST, path: "/a/*/b${i}"}`).join(", ");
    return `version: 1\nnetwork_policies:\n  x: {endpoints: [{host: a.example.com, port: 443, protocol: rest, access: full, deny_rules: [${denies}]}], binaries: [{path: /b/p}]}\n  y: {endpoints: [{host: a.example.com, port: 8443, protocol: rest, access: full}], binaries: [{path: /b/p}]}\n`;
  };
  const [some, twice] = [comparisons(file(400)), comparisons(file(800))];
  expect(some).toBeGreaterThan(0);
  expect(twice).toBeLessThanOrEqual(2 * some);
});
