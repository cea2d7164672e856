/** What mutation starts from: texts near the edges where parsers and canonicalisers have gone wrong. */

export const policySeeds = [
  "version: 1\n",
  "",
  "version: 1\nnetwork_policies: {}\n",
  `# who may read the forge
version: 1
network_policies:
  forge:   # the team's forge
    name: forge
    endpoints:
      - host: api.forge.example
        port: 443
        protocol: rest
        access: read-write
        deny_rules:
          - {method: POST, path: "/repos/*/*/merge"}
          - {method: "*", path: "/admin/**", query: {scope: {any: ["admin*", root]}}}
      - {host: "*.pkg.example.org", ports: [443, 8443], protocol: rest, rules: [{allow: {method: GET, path: "/**/dist/*"}}]}
    binaries:
      - {path: /usr/bin/git, inherit: true}
      - {path: "/opt/**/node", script: /srv/*.mjs}
    expires_at: 2030-01-01T00:00:00Z
    limits: {requests: 10, per: minute}
`,
  `version: 1
mode: monitor
monitor_until: "2031-05-05T05:05:05+02:00"
filesystem_policy: {include_workdir: true, read_only: [/usr, /etc], read_write: [/tmp]}
landlock: {compatibility: hard_requirement}
process: {run_as_user: sandbox, run_as_group: "1500"}
network_policies:
  tools:
    endpoints:
      - {host: mcp.example.net, port: 443, path: /mcp, protocol: mcp, mcp: {max_body_bytes: 1024, strict_tool_names: true}, rules: [{allow: {method: initialize}}, {allow: {method: tools/call, tool: {any: [read_*, list_*]}, params: {arguments: {path: "/workspace/**"}}}}], deny_rules: [{method: tools/call, tool: delete*}]}
      - {host: g.example.net, port: 443, protocol: graphql, rules: [{allow: {operation_type: query, fields: [viewer]}}], persisted_queries: deny}
      - {host: ws.example.net, port: 443, protocol: websocket, access: read-write}
      - {host: rpc.example.net, port: 443, protocol: json-rpc, rules: [{allow: {method: "*"}}], deny_rules: [{method: drop}]}
      - {host: db.example.net, port: 5432, protocol: tcp}
      - {port: 9000, allowed_ips: [10.1.0.0/16, "fd00::/8"]}
    binaries: [{path: /usr/bin/agent}]
network_middlewares:
  redact: {middleware: openshell/regex, order: 5, config: {mode: redact}, endpoints: {include: ["**.example.net"], exclude: [g.example.net]}}
inference: {enabled: true, models: ["small-*"], routes: [{sensitivity: secret, models: [local]}], budgets: [{tokens: 5, per: day}]}
credentials: {key: {endpoints: [{host: api.forge.example, port: 443, path: /v1/**}]}}
tests:
  - {name: x, request: {binary: /usr/bin/git, host: api.forge.example, port: 443, method: GET, path: "/a?b=c"}, expect: allow, rule: forge}
`,
  `version: 1
network_policies:
  "quoted key":
    endpoints:
    - host: 'a.b.example.com'
      port: 0x1bb
      protocol: rest
      access: full
      ? complex
      : value
    binaries:
    - path: >-
        /usr/bin/
        curl
    reason: |
      several
      lines
`,
  "%YAML 1.2\n---\nversion: 1\n...\n",
  "--- {version: 1}\n--- {version: 1}\n",
  "&a [*a, *a]",
  "a: &x {b: 1}\nc: {<<: *x}\n",
  "!!binary aGVsbG8=\n",
  "version: !!int '1'\nversion: 1\n",
  "{version: 1, network_policies: {a: {endpoints: [{host: '*', port: 443}], binaries: [{path: '/**'}]}}}",
  "\ufeffversion: 1\r\nnetwork_policies:\r\n  x: {}\r\n",
  "version: 1\n\tnetwork_policies: {}\n",
  "- - - - 1\n",
  "? ? ? a\n",
  "'unterminated",
  '"\\x41\\u0042\\U00000043\\',
  "key: | 99\n text",
];

export const hostSeeds = [
  ..."api.example.com API.Example.COM. example..com .example.com xn--bcher-kva.example bücher.example 0x7f.1 017700000001 2130706433 127.1 1.2.3.4.".split(
    " ",
  ),
  ..."[::1] ::ffff:10.0.0.1 [::ffff:7f00:1] 64:ff9b::a9fe:a9fe fe80::1%eth0 2002:a9fe:a9fe:: 1.2.3.256 0.0.0.0 a_b.example -a.example a-.example".split(
    " ",
  ),
  "ｅｘａｍｐｌｅ．ｃｏｍ",
  "ex\u00adample.com",
  "example.com\u0000.evil.org",
  "user@example.com",
  "example.com:443",
  "xn--",
  "xn--a",
  "faß.de",
  "ＬＯＣＡＬＨＯＳＴ",
  "a".repeat(64),
  `${"a.".repeat(126)}a`,
  "١٢٧.0.0.1",
];

export const pathSeeds = [
  ..."/ /a /a/ //a /a/./b /a/../b /../a /a/%2e%2e/b /%2E/a /a%2fb /a%2Fb /%61 /%7Euser /%25%32%66 /%252f /a;b=c /a\\b /a#b /%zz /% /%c0%af /%ff /a%00b".split(
    " ",
  ),
  ..."/a?b=c&d=%26&e /?%3d=%3D&+=+ /a?b[]=1&b[]=2 /a??b=c ?x http://a/b * /é /a%C3%A9".split(" "),
  "/a b",
  "/\u0000",
  "/a\r\nX: y",
  "",
];

export const addressSeeds =
  "127.0.0.1 10.0.0.1 169.254.169.254 ::1 ::ffff:169.254.169.254 64:ff9b::7f00:1 2002:7f00:1:: 168.63.129.16 fd00:ec2::254 0x7f000001 0177.0.0.1 1 4294967295 4294967296 1.2.3 255.255.255.255 fe80::1%lo ::ffff:0:127.0.0.1 2001:0:7f00:1::1 100.64.0.1 8.8.8.8 8.8.8.8/32 10.0.0.0/8 ::/0 1::2::3 ff02::1 :: 0".split(
    " ",
  );

export const globSeeds =
  "/** /* /a/**/b /a?c /file[0-9] /file[!0-9] *.example.com **.example.com *-ai.example.com a*b*c*d /[a-]x /[ /[] /[!] /[]] /[z-a] *** {a,b} \\* /**/**/** /a** **a /**/*/** ?".split(
    " ",
  );

export const graphqlSeeds = [
  "{ viewer { login } }",
  "query Q($a: Int = 1, $b: [String!]!) @d(x: 1) { a: viewer(x: {y: [1, 2.5e3, $a, ENUM, null, true]}) { ...F ... on User { id } ... @include(if: $b) { x } } }",
  'mutation M { deleteRepository(input: {id: "a\\u0041\\"", text: """block "quoted" \\""" text"""}) { ok } }',
  "fragment F on Query { ...F } query { ...F }",
  "subscription { a } query B { b } # comment",
  "type A { b: C }",
  "{ a { b { c { d { e } } } } }",
  "{",
  "query($a: A = ",
  '"""',
];

export const jsonSeeds = [
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_repo","arguments":{"path":"/workspace/x","n":[1,2,{"a":null}]}}}',
  '[{"jsonrpc":"2.0","method":"a"},{"jsonrpc":"2.0","method":"b","params":[]}]',
  '{"a":1,"A":2}',
  '{"a":1,"\\u0061":2}',
  '{"__proto__":{"x":1},"constructor":1}',
  '{"query":"{viewer{login}}","variables":{},"operationName":"Q"}',
  '"\\ud800"',
  "1e999",
  "-0",
  "[[[[[[[[[[]]]]]]]]]]",
  '{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"abc"}}}',
  '{"type":"subscribe","id":"1","payload":{"query":"subscription{a}"}}',
  '{"a":1}\u0000',
  " \n\t{}",
  "",
];

export const recordSeeds = [
  '{"time":"2026-01-01T00:00:00Z","kind":"request","binary":{"path":"/usr/bin/agent","sha256":null,"pid":7,"ancestors":["/bin/sh"]},"host":"api.forge.example","port":443,"protocol":"rest","method":"GET","path":"/a?b","decision":"allow","rule":"forge","reason":"r"}',
  '{"type":"decision","record":{"time":"2026-01-01T00:00:00Z","binary":null,"host":"x","port":0,"decision":"deny","rule":null}}',
  '{"type":"flow_end"}',
  '{"binary":"/usr/bin/agent","host":"api.forge.example","port":443,"method":"POST","path":"/x","headers":{"a":"b"},"body":"c","ip":"10.0.0.1"}',
  "",
];
