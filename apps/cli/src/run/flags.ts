import { isIP } from "node:net";
import { usageError } from "../exit.ts";

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What `creel run` was told, before it is read. */
export interface RunFlags {
  policy?: string;
  workspace?: string;
  env: string[];
  secret: string[];
  monitor?: boolean;
  decisions?: string;
  resolve: string[];
  json?: boolean;
  quiet?: boolean;
  agent?: string;
  show: string[];
}

/** An operator's word that HOST:PORT lies at this address; it may be private, for exactly that host and port. */
export interface Resolve {
  host: string;
  port: number;
  address: string;
  /** Where to dial instead of `port`. */
  addressPort: number;
}

function portOf(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : null;
}

/** `ADDR`, `ADDR:PORT`, `[V6]`, `[V6]:PORT` or a bare V6. */
function addressOf(text: string): { address: string; port: number | null } | null {
  const bracketed = /^\[([^\]]+)\](?::(.+))?$/.exec(text);
  const [host, port] = bracketed ? [bracketed[1], bracketed[2]] : isIP(text) ? [text, undefined] : text.split(":", 2);
  if (host === undefined || isIP(host) === 0) return null;
  if (port === undefined) return { address: host, port: null };
  const number = portOf(port);
  return number === null ? null : { address: host, port: number };
}

/** `HOST:PORT:ADDR`, where ADDR may carry a port of its own. */
export function parseResolve(text: string): Resolve {
  const match = /^([^:]+):(\d+):(.+)$/.exec(text);
  const port = portOf(match?.[2]);
  const target = match?.[3] === undefined ? null : addressOf(match[3]);
  if (match?.[1] === undefined || port === null || target === null) {
    throw usageError(
      `"${text}" is not HOST:PORT:ADDR`,
      "Write it like api.example.com:443:127.0.0.1 or api.example.com:443:127.0.0.1:8443 ([::1]:8443 for IPv6).",
      "--resolve",
    );
  }
  return { host: match[1].toLowerCase(), port, address: target.address, addressPort: target.port ?? port };
}

/** `K=V`; with `inherit` a bare `K` takes its value from there. */
export function parseEnv(text: string): [string, string] {
  const at = text.indexOf("=");
  const name = at === -1 ? text : text.slice(0, at);
  if (at === -1 || !NAME.test(name)) {
    throw usageError(`"${name}" is not of the form K=V`, "Write --env NAME=value, once for each variable.", "--env");
  }
  return [name, text.slice(at + 1)];
}
