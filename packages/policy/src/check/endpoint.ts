/** What may stand together in one endpoint. Threat: a field that a reviewer trusts and that nothing enforces. */
import { allowedIpProblem } from "../canonical/address.ts";
import { isIpLiteral } from "../canonical/host.ts";
import { globProblem } from "../glob.ts";
import type { Clause, Endpoint } from "../model.ts";
import { checkClause, checkPathGlob } from "./clause.ts";
import { type CheckContext, fail, present, warn } from "./context.ts";
import { checkHost } from "./host.ts";

/** As read: fields may be missing, list items unreadable. */
export type RawEndpoint = Partial<Omit<Endpoint, "tls" | "ports">> & {
  port?: number;
  ports?: (number | undefined)[];
  tls?: "skip" | "terminate" | "passthrough";
};

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

export function checkEndpoint(ctx: CheckContext, field: string, raw: RawEndpoint): Endpoint {
  const ports = checkPorts(ctx, field, raw);
  const allowedIps = checkAllowedIps(ctx, field, raw);
  const host = checkEndpointHost(ctx, field, raw);
  checkTls(ctx, field, raw);
  checkProtocol(ctx, field, raw, host);
  checkCredentials(ctx, field, raw);
  if (raw.path !== undefined && raw.path !== "") {
    const problem = globProblem(raw.path);
    if (problem !== null)
      fail(ctx, "bad_glob", `${field}.path`, problem, "See the table of patterns in the policy reference.");
    else checkPathGlob(ctx, `${field}.path`, raw.path);
  }
  const { port: _port, ports: _ports, tls, path, ...rest } = raw;
  return {
    ...rest,
    host,
    ports,
    ...(path === undefined || path === "" ? {} : { path }),
    ...(tls === "skip" ? { tls } : {}),
    enforcement: raw.enforcement ?? "enforce",
    ...(allowedIps === undefined ? {} : { allowed_ips: allowedIps }),
    ...checkRules(ctx, field, raw),
  };
}

function checkPorts(ctx: CheckContext, field: string, raw: RawEndpoint): number[] {
  const ports = present(raw.ports).map(([port]) => port);
  if (raw.port !== undefined && raw.ports !== undefined)
    fail(ctx, "exclusive", `${field}.ports`, "`port` and `ports` cannot stand together.", "Keep `ports`.");
  if (new Set(ports).size !== ports.length)
    warn(ctx, "duplicate_port", `${field}.ports`, "A port is listed twice.", "Remove one.");
  const all = raw.port === undefined ? ports : [raw.port];
  // A port that could not be read has its own error already.
  if (
    raw.port === undefined &&
    raw.ports === undefined &&
    !ctx.problems.has(`${field}.port`) &&
    !ctx.problems.has(`${field}.ports`)
  )
    fail(ctx, "missing", field, "`port` is missing.", "Add `port: 443`.");
  return [...new Set(all)].sort((a, b) => a - b);
}

function checkAllowedIps(ctx: CheckContext, field: string, raw: RawEndpoint): string[] | undefined {
  if (raw.allowed_ips === undefined) return undefined;
  return present(raw.allowed_ips).map(([text, i]) => {
    const problem = allowedIpProblem(text);
    if (problem !== null)
      fail(
        ctx,
        "bad_allowed_ip",
        `${field}.allowed_ips[${i}]`,
        `"${text}" ${problem}.`,
        "Write a private range such as `10.1.0.0/16`, or a single address.",
      );
    else if (/\/([0-9]|1[0-5])$/.test(text) && !text.includes(":"))
      warn(
        ctx,
        "wide_allowed_ip",
        `${field}.allowed_ips[${i}]`,
        `"${text}" covers more than 65,536 addresses.`,
        "Narrow it to the network that is meant.",
      );
    return text.toLowerCase();
  });
}

function checkEndpointHost(ctx: CheckContext, field: string, raw: RawEndpoint): string {
  if (raw.host !== undefined && raw.host !== "") return checkHost(ctx, `${field}.host`, raw.host) ?? "";
  if (raw.allowed_ips === undefined && !ctx.problems.has(`${field}.host`) && !ctx.problems.has(`${field}.allowed_ips`))
    fail(
      ctx,
      "missing",
      field,
      "`host` is missing.",
      "Name a host; only an endpoint with `allowed_ips` may leave it out.",
    );
  if (raw.allowed_ips !== undefined && raw.protocol !== undefined)
    fail(ctx, "hostless", field, `An endpoint of protocol ${raw.protocol} must name its host.`, "Add `host`.");
  return "";
}

function checkTls(ctx: CheckContext, field: string, raw: RawEndpoint): void {
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

function checkProtocol(ctx: CheckContext, field: string, raw: RawEndpoint, host: string): void {
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

function checkRules(ctx: CheckContext, field: string, raw: RawEndpoint): Pick<Endpoint, "rules" | "deny_rules"> {
  if (raw.rules !== undefined && raw.access !== undefined)
    fail(
      ctx,
      "exclusive",
      `${field}.rules`,
      "`rules` and `access` cannot stand together.",
      "Keep `rules`, and put what `access` gave into them.",
    );
  if (raw.protocol === undefined || raw.protocol === "tcp") return {};
  const options = {
    protocol: raw.protocol,
    allowAllMcp: raw.mcp?.allow_all_known_mcp_methods === true,
    strictToolNames: raw.mcp?.strict_tool_names !== false,
  };
  const rules = present(raw.rules).map(([rule, i]) => ({
    allow: rule.allow === undefined ? {} : checkClause(ctx, `${field}.rules[${i}].allow`, rule.allow, options),
  }));
  const denies = present(raw.deny_rules).map(([clause, i]) =>
    checkClause(ctx, `${field}.deny_rules[${i}]`, clause, options),
  );
  return {
    ...(raw.rules === undefined ? {} : { rules }),
    ...(raw.deny_rules === undefined ? {} : { deny_rules: denies }),
  };
}

function checkCredentials(ctx: CheckContext, field: string, raw: RawEndpoint): void {
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
