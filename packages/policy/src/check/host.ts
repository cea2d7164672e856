/** What may stand as a host in a policy. Threat: a pattern so wide that it names the internet. */
import { addressClass } from "../canonical/address.ts";
import { canonicalHost, isIpLiteral } from "../canonical/host.ts";
import { type CheckContext, fail, warn } from "./context.ts";

/** A wildcard must leave at least this many plain labels at the end: `*.com` names everybody's hosts. */
const PLAIN_LABELS_MIN = 2;
/** Longer ones are not taken apart for a remedy. */
const URL_CHARS_MAX = 300;

/** The canonical host or host glob, or null when it is refused. */
export function checkHost(ctx: CheckContext, field: string, raw: string): string | null {
  if (/[*?[\]{}]/.test(raw)) return checkHostGlob(ctx, field, raw);
  const host = canonicalHost(raw);
  if (host === null) {
    const parts = partsOf(raw);
    if (parts?.includes("`port:") === true) ctx.problems.excuse(field.replace(/host$/, "port"));
    fail(
      ctx,
      "bad_host",
      field,
      `"${raw}" is no host name or IP address.`,
      parts ?? "Write a name such as `api.example.com`, without scheme, port or path.",
    );
    return null;
  }
  if (host === "localhost" || host.endsWith(".localhost"))
    warn(
      ctx,
      "loopback_host",
      field,
      `"${raw}" is loopback, which every policy denies.`,
      "Remove the endpoint; only an operator's `creel run --resolve` opens loopback, for one host and port.",
    );
  if (!isIpLiteral(host)) return host;
  const kind = addressClass(host);
  if (
    kind === "loopback" ||
    kind === "link-local" ||
    kind === "metadata" ||
    kind === "unspecified" ||
    kind === "multicast"
  ) {
    fail(ctx, "bad_host", field, `${host} is a ${kind} address, which no policy can open.`, "Remove the endpoint.");
    return null;
  }
  return host;
}

/** A URL, or a name with its port, taken apart into the fields that hold it. */
function partsOf(raw: string): string | null {
  const found = /^(?:[a-z][a-z0-9+.-]*:\/\/)?([a-z0-9.-]+)(?::([0-9]{1,5}))?(?:\/([^?#]*))?/i.exec(
    raw.slice(0, URL_CHARS_MAX),
  );
  const host = found?.[1] === undefined ? null : canonicalHost(found[1]);
  if (found == null || host === null) return null;
  const port = found[2] ?? (/^https:/i.test(raw) ? "443" : /^http:/i.test(raw) ? "80" : undefined);
  const fields = [`host: ${host}`, ...(port === undefined ? [] : [`port: ${port}`])];
  const path = found[3] ? " The path goes into the rules." : "";
  return `Write ${fields.map((one) => `\`${one}\``).join(" and ")}.${path}`;
}

function checkHostGlob(ctx: CheckContext, field: string, raw: string): string | null {
  const pattern = raw.toLowerCase().replace(/\.$/, "");
  const refuse = (message: string): null => {
    fail(
      ctx,
      pattern.replace(/[*.]/g, "") === "" ? "catch_all_host" : "bad_host",
      field,
      message,
      "Name the hosts, such as `*.example.com` for one label or `**.example.com` for any depth.",
    );
    return null;
  };
  if (/[?[\]{}]/.test(pattern)) return refuse(`"${raw}": only \`*\` and \`**\` have a meaning in a host.`);
  const labels = pattern.split(".");
  const lastWild = labels.findLastIndex((label) => label.includes("*"));
  if (labels.length - 1 - lastWild < PLAIN_LABELS_MIN)
    return refuse(`"${raw}" is a catch-all: it names hosts of everybody, not of one owner.`);
  for (const [index, label] of labels.entries()) {
    if (!label.includes("*")) continue;
    if (index > 0 && label !== "*")
      return refuse(`"${raw}": behind the first label a wildcard must be a whole label, \`*\`.`);
    if (label.includes("**") && label !== "**") return refuse(`"${raw}": \`**\` must be a whole label.`);
  }
  // The literal parts must be canonical names; wildcards are swapped for a letter only to let the name parser see them.
  const probe = canonicalHost(labels.map((label) => label.replaceAll(/\*+/g, "x")).join("."));
  if (probe === null || isIpLiteral(probe)) return refuse(`"${raw}" is no host name.`);
  const probeLabels = probe.split(".");
  return labels.map((label, i) => (label.includes("*") ? label : (probeLabels[i] ?? label))).join(".");
}
