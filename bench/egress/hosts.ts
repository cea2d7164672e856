/** The names and the policy of the egress benchmark. */

export const API_HOST = "api.creel.example";
export const TCP_HOST = "db.creel.example";
export const TCP_PORT = 9000;
/** Hosts that nobody has asked for before; each first request needs a certificate of its own. */
export const coldHost = (index: number): string => `cold-${index}.creel.example`;

const CLIENT = "/opt/node/bin/node";
const ENTRIES = 50;
const MEASURED = 25;

const hostOf = (index: number): string =>
  index === MEASURED ? API_HOST : index % 10 === 0 ? `"*.svc${index}.example.com"` : `host${index}.example.com`;

const entry = (index: number): string => `  entry${index}:
    name: entry${index}
    endpoints:
      - host: ${hostOf(index)}
        port: 443
        protocol: rest
        rules:
          - allow: { method: GET, path: "/api/v1/items/**" }
          - allow: { method: GET, path: "/api/v1/users/*/repos" }
          - allow: { method: POST, path: "/api/v1/items" }
        deny_rules:
          - { method: DELETE, path: "/api/v1/**" }
          - { method: "*", path: "/api/v1/items/*/secret" }
    binaries:
      - path: ${CLIENT}
      - path: /usr/bin/curl
`;

/** Fifty entries with allow and deny rules; what is measured stands in the middle. */
export const POLICY = `version: 1
network_policies:
${Array.from({ length: ENTRIES - 2 }, (_, index) => entry(index)).join("")}
  cold:
    name: cold
    endpoints:
      - host: "cold-*.creel.example"
        port: 443
        protocol: rest
        rules:
          - allow: { method: GET, path: "/api/**" }
    binaries:
      - path: ${CLIENT}
  tcp:
    name: tcp
    endpoints:
      - host: ${TCP_HOST}
        port: ${TCP_PORT}
        protocol: tcp
    binaries:
      - path: ${CLIENT}
`;
