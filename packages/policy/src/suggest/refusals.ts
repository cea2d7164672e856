/**
 * What a suggestion never proposes, whatever the journal says. Threat: an agent that uses monitor mode to have itself written a policy.
 * Invariant: no rule for a program the agent can replace, for a place no public name leads to, or for a name that carries data.
 */
import { addressClass, coverableClasses } from "../canonical/address.ts";
import { canonicalHost, isIpLiteral } from "../canonical/host.ts";
import { literalGlob } from "../edit/request.ts";
import { isVouchedPath } from "../engine/binary.ts";
import { globProblem } from "../glob.ts";
import { GATEWAY_HOST } from "../replay/outside.ts";
import { LABEL_OF_DATA_CHARS_MIN } from "./limits.ts";

/**
 * Folders in which an agent, or whoever shares its machine, puts programs of its own: by the rules of a system, or because images and
 * build machines hand them to the user that runs the work. `/opt` is not here: what lies there is installed by an administrator.
 */
const WRITABLE = [
  ...["/tmp", "/var/tmp", "/usr/tmp", "/dev", "/proc", "/run", "/var/run", "/var/lib", "/var/cache"],
  ...["/home", "/root", "/mnt", "/media", "/srv", "/data"],
  ...["/sandbox", "/workspace", "/workspaces", "/workdir", "/app", "/code", "/usr/src"],
  ...["/__w", "/github", "/builds", "/opt/hostedtoolcache"],
];

interface Folders {
  writableFolders?: readonly string[] | undefined;
  readOnlyFolders?: readonly string[] | undefined;
}

/** Why nothing is suggested for this program, or null. */
export function programRefusal(path: string, folders: Folders): string | null {
  if (path === "" || !isVouchedPath(path)) return "Nobody vouched for the program.";
  if (path.endsWith(" (deleted)")) return "The program's file was gone while it ran, so its path says nothing.";
  if (globProblem(literalGlob(path)) !== null || path.includes("//"))
    return "The program's path holds characters that no policy can name.";
  const liesIn = (one: string): boolean => path === one || path.startsWith(`${one.replace(/\/$/, "")}/`);
  const byName = folders.readOnlyFolders?.some(liesIn) === true ? [] : WRITABLE;
  const folder = [...byName, ...(folders.writableFolders ?? [])].find(liesIn);
  return folder === undefined
    ? null
    : `The program lies below ${folder}, where the agent can write and put another in its place. Install it elsewhere, or add it by hand with its \`sha256\`.`;
}

/** Names by which clouds, clusters and container hosts offer their own services; none is a public service. */
const LOCAL_NAMES =
  /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|localdomain|arpa|onion|svc|test|invalid)$|(^|\.)(localhost|localdomain|svc\.cluster)\./;
/** Public names that lead to this host, or to whatever address stands in front of them. */
const LEADS_INSIDE =
  /(^|\.)(lvh\.me|localtest\.me|vcap\.me|fuf\.me|lacolhost\.com|localho\.st|local\.gd|traefik\.me|nip\.io|sslip\.io|xip\.io)$/;
const METADATA_NAMES =
  /^(metadata|instance-data)(\.|$)|(^|[.-])(metadata|imds)\.(google|azure|packet|platformequinix)\b/;

/** Why nothing is suggested for this host, or null. `host` is canonical. */
export function hostRefusal(host: string): string | null {
  if (host === GATEWAY_HOST) return "The gateway answers for this name itself.";
  if (isIpLiteral(host)) {
    const kind = addressClass(host);
    if (kind === "public") return null;
    return coverableClasses.includes(kind)
      ? `It is a ${kind} address; such access is a person's decision.`
      : `It is a ${kind} address, which no policy can open.`;
  }
  if (METADATA_NAMES.test(host)) return "The name is that of a cloud's metadata service.";
  if (!host.includes(".") || LOCAL_NAMES.test(host))
    return "The name is local, so it leads to a private address; such access is a person's decision.";
  if (LEADS_INSIDE.test(host))
    return "Names of this domain lead to this host, or to an address that stands in the name.";
  if (spellsAddress(host)) return "A part of the name spells an address in a form that hides it.";
  if (embedsShutAddress(host)) return "The name carries an address that is not public.";
  const label = host.split(".").find(carriesData);
  return label === undefined ? null : "A part of the name looks like encoded data, by which secrets are carried out.";
}

const carriesData = (label: string): boolean =>
  label.length >= LABEL_OF_DATA_CHARS_MIN && /[0-9]/.test(label) && !label.startsWith("xn--");

/** An address of four bytes as one number, or with a part in octal or hexadecimal digits; no honest name is written so. */
function spellsAddress(host: string): boolean {
  for (const found of host.matchAll(
    /(?=(?:^|[.-])((?:(?:0x[0-9a-f]{1,4}|\d{1,4})[.-]){3}(?:0x[0-9a-f]{1,4}|\d{1,4}))(?:[.-]|$))/g,
  )) {
    const parts = (found[1] ?? "").split(/[.-]/);
    if (parts.some((part) => /^0./.test(part)) && parts.every((part) => readings(part).some((byte) => byte <= 0xff)))
      return true;
  }
  return host
    .split(/[.-]/)
    .some((part) => readings(part).some((value) => value >= WHOLE_ADDRESS_MIN && value <= ADDRESS_MAX));
}
const ADDRESS_MAX = 0xffffffff;
/** Smaller numbers are versions, dates and counts; as addresses they lie in 0.0.0.0/8, which leads nowhere. */
const WHOLE_ADDRESS_MIN = 0x01000000;

/** The numbers that a part of a name may stand for. */
function readings(part: string): number[] {
  if (/^0x[0-9a-f]{1,16}$/.test(part)) return [Number(part)];
  if (!/^\d{1,16}$/.test(part)) return [];
  return /^0[0-7]+$/.test(part) ? [Number(part), Number.parseInt(part, 8)] : [Number(part)];
}

/** Services like nip.io answer with the address that stands in the name. */
function embedsShutAddress(host: string): boolean {
  const shut = (text: string): boolean => {
    const address = canonicalHost(text);
    return address !== null && isIpLiteral(address) && addressClass(address) !== "public";
  };
  for (const found of host.matchAll(/(?=(?:^|[.-])((?:\d{1,3}[.-]){3}\d{1,3})(?:[.-]|$))/g))
    if (shut((found[1] ?? "").replaceAll("-", "."))) return true;
  return host.split(/[.-]/).some((part) => /^[0-9a-f]{8}$/.test(part) && shut(`0x${part}`));
}

const METHOD = /^[A-Z][A-Z0-9_-]{0,31}$/;
/** `method` in upper case. */
const MESSAGES = ["WEBSOCKET_TEXT", "WEBSOCKET_BINARY"];

export const methodRefusal = (method: string): string | null => {
  if (MESSAGES.includes(method))
    return "A message of a WebSocket is no request that a rule for paths could allow. Add an endpoint with `protocol: websocket` by hand.";
  return isAllowable(method) ? null : "The method is none that a rule can allow.";
};

const isAllowable = (method: string): boolean => METHOD.test(method) && method !== "CONNECT" && method !== "TRACE";
