/** One endpoint: where to, and what it allows there. */
import { allowedIpProblem } from "../canonical/address.ts";
import type { Endpoint } from "../model.ts";
import { checkClause, checkPath } from "./clause.ts";
import { type CheckContext, fail, present, warn } from "./context.ts";
import { checkHost } from "./host.ts";
import { checkCredentials, checkProtocol, checkTls } from "./protocol.ts";
import type { RawEndpoint } from "./raw.ts";

export function checkEndpoint(ctx: CheckContext, field: string, raw: RawEndpoint): Endpoint {
  // A host that carries its port explains that `port` is missing.
  const host = checkEndpointHost(ctx, field, raw);
  const ports = checkPorts(ctx, field, raw);
  const allowedIps = checkAllowedIps(ctx, field, raw);
  checkTls(ctx, field, raw);
  checkProtocol(ctx, field, raw, host);
  checkCredentials(ctx, field, raw);
  if (raw.path !== undefined && raw.path !== "") checkPath(ctx, `${field}.path`, raw.path);
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
    allow:
      rule.allow === undefined
        ? {}
        : checkClause(ctx, `${field}.rules[${i}].allow`, rule.allow, { ...options, deny: false }),
  }));
  const denies = present(raw.deny_rules).map(([clause, i]) =>
    checkClause(ctx, `${field}.deny_rules[${i}]`, clause, { ...options, deny: true }),
  );
  return {
    ...(raw.rules === undefined ? {} : { rules }),
    ...(raw.deny_rules === undefined ? {} : { deny_rules: denies }),
  };
}
