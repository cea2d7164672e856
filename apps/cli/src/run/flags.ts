import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { messageOf, usageError } from "../exit.ts";

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const SECRET_BYTES_MAX = 64 * 1024;

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

/**
 * `NAME=VALUE`, `NAME=@file` or `NAME=env:VAR`; the last two keep the value out of this command's own arguments.
 * No error repeats the value.
 */
export function parseSecret(text: string, env: NodeJS.ProcessEnv): [string, string] {
  const at = text.indexOf("=");
  const name = at === -1 ? "" : text.slice(0, at);
  const forms = "Write --secret NAME=@file, NAME=env:VAR or NAME=value (the last shows the value to `ps`).";
  if (!NAME.test(name)) throw usageError("a secret is not of the form NAME=VALUE", forms, "--secret");
  const value = secretValue(name, text.slice(at + 1), env);
  if (value === "") throw usageError(`the secret ${name} is empty`, forms, "--secret");
  if (Buffer.byteLength(value) > SECRET_BYTES_MAX) {
    throw usageError(`the secret ${name} is longer than 64 KiB`, "Check that this is the right file.", "--secret");
  }
  if (/[\r\n\0]/.test(value)) {
    throw usageError(
      `the secret ${name} holds a line break`,
      "A header can carry one line only; check the file.",
      "--secret",
    );
  }
  return [name, value];
}

function secretValue(name: string, text: string, env: NodeJS.ProcessEnv): string {
  if (text.startsWith("env:")) {
    const value = env[text.slice("env:".length)];
    if (value !== undefined) return value;
    throw usageError(`the variable for the secret ${name} is not set`, "Export it first.", "--secret");
  }
  if (!text.startsWith("@")) return text;
  try {
    // Files are written with a newline at the end; it is not part of the secret.
    return readFileSync(text.slice(1), "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    throw usageError(
      `the file for the secret ${name} cannot be read: ${messageOf(error)}`,
      "Name a readable file.",
      "--secret",
    );
  }
}
