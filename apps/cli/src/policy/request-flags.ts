/** One request from the words of a command line. A slip of a hand is told as such: a verdict on it would answer another question. */
import { isIP } from "node:net";
import { canonicalHost, type PolicyRequest } from "@creel/policy";
import { type CliError, usageError } from "../exit.ts";
import { parseRequest } from "./request-line.ts";

/** The words of a command line that describe one request. */
export interface RequestFlags {
  request?: string;
  binary?: string;
  sha256?: string;
  script?: string;
  library?: string;
  ancestor?: string[];
  host?: string;
  port?: string;
  method?: string;
  path?: string;
  header?: string[];
  body?: string;
  ip?: string;
}

/** True when some word describes a request, `--request` aside. */
export const describesRequest = ({ request: _request, ...words }: RequestFlags): boolean =>
  Object.values(words).some((value) => value !== undefined);

export function requestOfFlags(flags: RequestFlags): PolicyRequest {
  for (const name of ["binary", "host", "port"] as const)
    if (flags[name] === undefined)
      throw usageError(`--${name} is missing`, "A request has at least --binary, --host and --port.", `--${name}`);
  refuseHalves(flags);
  refuseSlips(flags);
  const { port, ancestor, header, request: _request, ...rest } = flags;
  const parsed = parseRequest({
    ...rest,
    port: Number(port),
    ...(ancestor === undefined ? {} : { ancestors: ancestor }),
    ...(header === undefined ? {} : { headers: Object.fromEntries(header.map(headerOf)) }),
  });
  if (!parsed.ok)
    throw usageError(parsed.problem, "See creel policy explain --help.", `--${parsed.field ?? "request"}`);
  return parsed.request;
}

/** Without a method the connection is judged: a path beside it would be shown as allowed and was never looked at. */
function refuseHalves(flags: RequestFlags): void {
  const remedy = "Give both for a request, or neither to judge the connection.";
  for (const name of ["path", "header", "body"] as const)
    if (flags[name] !== undefined && flags.method === undefined)
      throw usageError(`--${name} needs --method`, remedy, `--${name}`);
  if (flags.method !== undefined && flags.path === undefined)
    throw usageError("--method needs --path", remedy, "--method");
}

const DIGEST = /^(sha256:)?[0-9a-f]{64}$/i;
const METHOD = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
const PORT = /^[0-9]{1,5}$/;
const PORT_MAX = 65_535;

function refuseSlips({ binary, script, ancestor, host, port, method, ip, sha256 }: RequestFlags): void {
  const paths: [string, string | undefined][] = [
    ["--binary", binary],
    ["--script", script],
    ...(ancestor ?? []).map((path): [string, string] => ["--ancestor", path]),
  ];
  for (const [place, path] of paths)
    if (path !== undefined && !path.startsWith("/"))
      throw slip(place, path, "an absolute path, as the kernel reports it", `Write it whole: ${place} /usr/bin/curl.`);
  if (host !== undefined) refuseHost(host);
  if (port !== undefined && (!PORT.test(port) || Number(port) < 1 || Number(port) > PORT_MAX))
    throw usageError(`"${port}" is no port`, `Write a whole number from 1 to ${PORT_MAX}.`, "--port");
  if (method !== undefined && !METHOD.test(method))
    throw slip("--method", method, "one word, such as GET", "Write the method alone; the target goes to --path.");
  if (ip !== undefined && isIP(ip) === 0)
    throw slip("--ip", ip, "an IP address", "Write the address that the host resolved to, such as 93.184.216.34.");
  if (sha256 !== undefined && !DIGEST.test(sha256))
    throw slip("--sha256", sha256, "a digest of 64 hex digits", "Write what `sha256sum` prints.");
}

function refuseHost(host: string): void {
  const remedy = "Write the name alone, such as --host api.example.com; port and target have options of their own.";
  if (host.includes("://")) throw slip("--host", host, "a host name without scheme", remedy);
  if (host.includes("/")) throw slip("--host", host, "a host name without path", remedy);
  if (isIP(host) === 0 && /:[0-9]+$/.test(host)) throw slip("--host", host, "a host name without port", remedy);
  if (canonicalHost(host) === null) throw slip("--host", host, "a host name or an IP address", remedy);
}

const slip = (place: string, given: string, expected: string, remedy: string): CliError =>
  usageError(`${expected}, not "${given}"`, remedy, place);

function headerOf(text: string): [string, string] {
  const at = text.search(/[=:]/);
  if (at < 1) throw headerError(text);
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

const headerError = (text: string): CliError =>
  usageError(`"${text}" is no header`, "Write name=value, such as --header content-type=application/json.", "--header");
