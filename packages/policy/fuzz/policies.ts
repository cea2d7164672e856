/** A policy with every protocol and matcher, for requests to be judged by. */
export const wide = `version: 1
network_policies:
  forge:
    endpoints:
      - host: api.forge.example
        port: 443
        protocol: rest
        access: read-write
        deny_rules:
          - {method: POST, path: "/repos/*/*/merge"}
          - {method: "*", path: "/admin/**"}
          - {method: "*", path: "/**/a/**/b/**/c"}
          - {method: GET, path: "/**", query: {scope: {any: ["admin*", "*a*a*b"]}}}
      - {host: api.forge.example, port: 443, path: "/npm/**", protocol: rest, access: full, allow_encoded_slash: true}
      - host: api.forge.example
        port: 443
        path: "/headers"
        protocol: rest
        rules:
          - allow: {method: POST, path: "/**", request: {headers: {content-type: "*json*", x-a: "*a*b*c"}, max_body_bytes: 100000}}
      - {host: "*.pkg.example.org", ports: [443, 8443], protocol: rest, rules: [{allow: {method: GET, path: "/**/dist/*", query: {v: "1.*"}}}]}
    binaries: [{path: /usr/bin/agent}, {path: "/opt/**/node", script: "/srv/*.mjs"}, {path: /usr/bin/git, inherit: true}]
  tools:
    endpoints:
      - host: mcp.example.net
        port: 443
        path: /mcp
        protocol: mcp
        rules:
          - allow: {method: initialize}
          - allow: {method: tools/call, tool: {any: [x, "read_*"]}, params: {arguments: {path: "/workspace/**"}}}
        deny_rules: [{method: tools/call, tool: "delete*"}]
      - {host: rpc.example.net, port: 443, protocol: json-rpc, rules: [{allow: {method: "*"}}], deny_rules: [{method: drop}]}
      - host: g.example.net
        port: 443
        protocol: graphql
        rules: [{allow: {operation_type: query, operation_name: "Q*", fields: [viewer, "repo*"]}}, {allow: {operation_type: "*"}}]
        deny_rules: [{operation_type: mutation, fields: ["delete*"]}]
      - host: ws.example.net
        port: 443
        protocol: websocket
        rules: [{allow: {method: GET, path: /graphql}}, {allow: {operation_type: subscription, fields: [a]}}]
      - {host: db.example.net, port: 5432, protocol: tcp}
      - {host: "**.example.com", port: 443}
      - {port: 9000, allowed_ips: [10.1.0.0/16, "fd00::/8"]}
    binaries: [{path: "/usr/**"}]
inference: {enabled: true, models: ["small-*"]}
`;
