import { canonicalHost } from "@creel/policy";

/** What a request to the proxy is for. `written` is the host as the client wrote it, canonical. */
export interface Authority {
  written: string;
  port: number;
}

/** Letters, digits, dots, hyphens and underscores, or an IPv6 address in brackets: no user, no zone, no list, no path. */
const AUTHORITY = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/;
const PORT_MAX = 65_535;

/** `host[:port]`; null where it has no single reading. Without `defaultPort` the port must be written (RFC 9110 9.3.6). */
export function readAuthority(text: string, defaultPort: number | null): Authority | null {
  const match = AUTHORITY.exec(text);
  const written = canonicalHost(match?.[1] ?? "");
  const port = match?.[2] === undefined ? defaultPort : Number(match[2]);
  return written === null || port === null || port < 1 || port > PORT_MAX ? null : { written, port };
}

export interface AbsoluteForm extends Authority {
  secure: boolean;
}

/** The scheme and authority of an absolute-form target (RFC 9112 3.2.2); null for every other target. */
export function readAbsoluteForm(target: string): AbsoluteForm | null {
  const match = /^(https?):\/\/([^/?#]*)(?:[/?]|$)/i.exec(target);
  if (match === null) return null;
  const secure = match[1]?.toLowerCase() === "https";
  const authority = readAuthority(match[2] ?? "", secure ? 443 : 80);
  return authority === null ? null : { ...authority, secure };
}
