/** Two servers behind TLS; the names are as long as that of the unencrypted one, so that its streams fit them by replacing it. */
export const OLD_HOST = "older.example.com";
/** Offers HTTP/2 beside HTTP/1.1; the other one speaks HTTP/1.1 alone, which everything of HTTP/2 is turned into. */
export const NEW_HOST = "newer.example.com";
export const HOSTS = [OLD_HOST, NEW_HOST];

/** Bodies and messages may say these, and nothing else, where the policy reads them. */
export const ALLOWED = { rpc: "getA", tool: "read", field: "viewer" };
/** What nobody allows; a mutated case carries one of these where a careless server would obey it. */
export const FORBIDDEN = { rpc: "dropAll", tool: "write", field: "wipe" };

const endpointsOf = (host: string): string => `
      - { host: ${host}, port: 443, path: "/v1/**", protocol: rest, rules: [{ allow: { method: GET, path: "/v1/**" } }, { allow: { method: POST, path: "/v1/**" } }] }
      - { host: ${host}, port: 443, path: /rpc, protocol: json-rpc, rules: [{ allow: { method: ${ALLOWED.rpc} } }] }
      - { host: ${host}, port: 443, path: /mcp, protocol: mcp, rules: [{ allow: { method: tools/call, tool: ${ALLOWED.tool} } }] }
      - { host: ${host}, port: 443, path: /graphql, protocol: graphql, rules: [{ allow: { operation_type: query, fields: [${ALLOWED.field}] } }] }
      - { host: ${host}, port: 443, path: /live, protocol: websocket, rules: [{ allow: { method: GET, path: /live } }, { allow: { operation_type: query, fields: [${ALLOWED.field}] } }] }`;

export const POLICY = `version: 1
network_policies:
  secure:
    endpoints:${HOSTS.map(endpointsOf).join("")}
    binaries:
      - path: /usr/bin/curl
`;
