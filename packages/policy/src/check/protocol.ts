/** What a protocol allows an endpoint to carry. Threat: a field that a reviewer trusts and that nothing enforces. */
import { isIpLiteral } from "../canonical/host.ts";
import type { Clause } from "../model.ts";
import { type CheckContext, fail, present, warn } from "./context.ts";
import type { RawEndpoint } from "./raw.ts";

const L7_ONLY = [
  "path",
  "enforcement",
  "access",
  "rules",
  "deny_rules",
  "allow_encoded_slash",
  "websocket_credential_rewrite",
  "request_body_credential_rewrite",
  "credential_signing",
  "persisted_queries",
  "graphql_persisted_queries",
  "graphql_max_body_bytes",
  "mcp",
  "json_rpc",
] as const;

export function checkTls(ctx: CheckContext, field: string, raw: RawEndpoint): void {
  if (raw.tls === "terminate" || raw.tls === "passthrough")
    warn(
      ctx,
      "deprecated",
      `${field}.tls`,
      `\`tls: ${raw.tls}\` is deprecated and does nothing.`,
      "Remove it; write `tls: skip` to relay TLS unopened.",
    );
  if (raw.tls === "skip" && raw.protocol !== undefined && raw.protocol !== "tcp")
    fail(
      ctx,
      "uninspected",
      `${field}.tls`,
      `With \`tls: skip\` nothing of protocol ${raw.protocol} can be inspected.`,
      "Remove `tls: skip`, or remove the protocol and its rules.",
    );
}

export function checkProtocol(ctx: CheckContext, field: string, raw: RawEndpoint, host: string): void {
  const { protocol } = raw;
  if (protocol === "tcp") {
    for (const key of L7_ONLY)
      if (raw[key] !== undefined && raw[key] !== "")
        fail(
          ctx,
          "uninspected",
          `${field}.${key}`,
          `\`${key}\` has no effect under protocol tcp: its bytes are not inspected.`,
          `Remove \`${key}\`, or choose an inspected protocol.`,
        );
    if (host !== "" && isIpLiteral(host))
      fail(ctx, "bad_host", `${field}.host`, "Protocol tcp needs a DNS name, not an address.", "Name the host.");
    return;
  }
  if (protocol === undefined) {
    // Which protocol was meant is not known; that it cannot be read has been said.
    if (ctx.problems.has(`${field}.protocol`)) return;
    checkUninspected(ctx, field, raw);
    return;
  }
  const only: [keyof RawEndpoint, string[]][] = [
    ["mcp", ["mcp"]],
    ["json_rpc", ["json-rpc"]],
    ["graphql_max_body_bytes", ["graphql", "websocket"]],
    ["graphql_persisted_queries", ["graphql", "websocket"]],
    ["persisted_queries", ["graphql", "websocket"]],
    ["websocket_credential_rewrite", ["rest", "websocket"]],
    ["request_body_credential_rewrite", ["rest"]],
  ];
  for (const [key, protocols] of only)
    if (raw[key] !== undefined && !protocols.includes(protocol))
      fail(
        ctx,
        "field_without_effect",
        `${field}.${key}`,
        `\`${key}\` has no effect under protocol ${protocol}.`,
        `Remove it, or use protocol ${protocols.join(" or ")}.`,
      );
  const jsonFamily = protocol === "mcp" || protocol === "json-rpc";
  if (raw.access !== undefined && jsonFamily)
    fail(
      ctx,
      "access_on_rpc",
      `${field}.access`,
      `\`access\` presets speak of HTTP methods, which say nothing under protocol ${protocol}.`,
      "Write `rules`.",
    );
  const allowAll = protocol === "mcp" && raw.mcp?.allow_all_known_mcp_methods === true;
  const rulesUnreadable = ctx.problems.has(`${field}.rules`) || ctx.problems.has(`${field}.access`);
  if (raw.rules === undefined && raw.access === undefined && !allowAll && !rulesUnreadable)
    fail(
      ctx,
      "no_base",
      field,
      `Protocol ${protocol} needs \`rules\`${jsonFamily ? "" : " or `access`"} to say what is allowed.`,
      jsonFamily ? "Add `rules`." : "Add `access: read-only`, or `rules`.",
    );
  if (raw.persisted_queries === "allow_registered" && raw.graphql_persisted_queries === undefined)
    fail(
      ctx,
      "missing",
      `${field}.persisted_queries`,
      "`allow_registered` without `graphql_persisted_queries` registers nothing.",
      "Add the registered operations.",
    );
}

/** An endpoint without protocol relays bytes: what would narrow it cannot be enforced, so it is refused rather than ignored. */
function checkUninspected(ctx: CheckContext, field: string, raw: RawEndpoint): void {
  for (const key of L7_ONLY) {
    if (raw[key] === undefined || raw[key] === "" || key === "enforcement") continue;
    if (key === "access" && raw.access === "full") continue;
    if (key === "rules" && present(raw.rules).every(([rule]) => allowsEverything(rule.allow))) {
      warn(
        ctx,
        "rules_without_protocol",
        `${field}.rules`,
        "Without `protocol` these rules are not looked at; they allow everything anyway.",
        "Remove `rules`, or add `protocol: rest` to see and judge each request.",
      );
      continue;
    }
    fail(
      ctx,
      "uninspected",
      `${field}.${key}`,
      `Without \`protocol\` nothing is inspected, so \`${key}\` would have no effect.`,
      "Add `protocol: rest` (or the protocol that is spoken), or remove the field.",
    );
  }
}

const allowsEverything = (clause: Clause | undefined): boolean =>
  clause?.method === "*" && clause.path === "/**" && Object.keys(clause).length === 2;

export function checkCredentials(ctx: CheckContext, field: string, raw: RawEndpoint): void {
  if (raw.credential_signing !== undefined && raw.request_body_credential_rewrite === true)
    fail(
      ctx,
      "exclusive",
      `${field}.credential_signing`,
      "`credential_signing` and `request_body_credential_rewrite` cannot stand together.",
      "Keep one.",
    );
  if (raw.credential_signing !== undefined && raw.signing_service === undefined)
    fail(
      ctx,
      "missing",
      field,
      "`signing_service` is missing beside `credential_signing`.",
      "Add `signing_service: s3`, or the service that is called.",
    );
}
