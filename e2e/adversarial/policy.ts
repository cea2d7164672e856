/** The policy under attack: a few names for a few programs. What lies behind the other names is real too, and must get nothing. */
export const HOSTS = {
  /** Inspected; GET below /v1, POST to /v1/items, nothing below /v1/private. */
  api: "api.creel.example",
  /** Inspected, everything allowed; no credential is bound to it. */
  other: "other.creel.example",
  /** Inspected over plain HTTP. */
  plain: "plain.creel.example",
  /** Uninspected TCP, for one program only. */
  raw: "raw.creel.example",
  /** Inspected, for a program that is pinned by its content. */
  pinned: "pinned.creel.example",
  /** Inspected, for an interpreter that runs one script. */
  scripted: "scripted.creel.example",
  /** No rule names it, and it can be reached: whoever gets there got out. */
  evil: "evil.creel.example",
  /** Named by the policy, and resolved to whatever a case says. */
  moving: "moving.creel.example",
  /** WebSocket: messages are judged as GraphQL. */
  live: "live.creel.example",
  /** Requests are signed for AWS; the keys are the sandbox's, below /mine. */
  aws: "s3.eu-central-1.amazonaws.com",
} as const;

/** Named by the policy for the suite itself: what goes there says that everything before it has had its turn. */
export const SETTLING_HOST = "settle.creel.example";
export const RAW_PORT = 7000;
/** Where the contender shows the programs; identities in the policy are paths below it. */
export const TOOLS = "/opt/tools";

export const policyText = (pinned: string, sandbox = ""): string => `version: 1
${sandbox}network_policies:
  api:
    name: api
    endpoints:
      - host: ${HOSTS.api}
        port: 443
        protocol: rest
        rules:
          - allow: { method: GET, path: "/v1/**" }
          - allow: { method: POST, path: /v1/items }
        deny_rules:
          - { method: "*", path: "/v1/private/**" }
      - { host: ${HOSTS.other}, port: 443, protocol: rest, access: full }
      - { host: ${HOSTS.plain}, port: 80, protocol: rest, access: full }
      - { host: ${HOSTS.moving}, port: 443, protocol: rest, access: full }
      - { host: ${HOSTS.moving}, port: 80, protocol: rest, access: full }
      - host: ${HOSTS.live}
        port: 443
        protocol: websocket
        rules:
          - allow: { method: GET, path: "/live" }
          - allow: { operation_type: query, fields: ["viewer"] }
        deny_rules:
          - { operation_type: "*", fields: ["secret*"] }
      - { host: ${HOSTS.aws}, port: 443, protocol: rest, access: full, credential_signing: sigv4, signing_service: s3, signing_region: eu-central-1 }
    binaries:
      - path: ${TOOLS}/node
  raw:
    name: raw
    endpoints:
      - { host: ${HOSTS.raw}, port: ${RAW_PORT}, protocol: tcp }
      - { host: ${SETTLING_HOST}, port: ${RAW_PORT}, protocol: tcp }
    binaries:
      - path: ${TOOLS}/trusted
  scripted:
    name: scripted
    endpoints:
      - { host: ${HOSTS.scripted}, port: 443, protocol: rest, access: full }
    binaries:
      - { path: ${TOOLS}/node, script: ${TOOLS}/named.mjs }
  pinned:
    name: pinned
    endpoints:
      - { host: ${HOSTS.pinned}, port: 443, protocol: rest, access: full }
    binaries:
      - { path: "/sandbox/work/**", sha256: ${pinned} }
credentials:
  TOKEN:
    endpoints:
      - { host: ${HOSTS.api}, port: 443, path: "/v1/**" }
  KEY:
    endpoints:
      - { host: ${HOSTS.other}, port: 443, path: "/keyed/**" }
  AWS_ACCESS_KEY_ID:
    endpoints:
      - { host: ${HOSTS.aws}, port: 443, path: "/mine/**" }
`;
