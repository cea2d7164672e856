import { compileGlob } from "@creel/policy";
import { CREDENTIAL_VALUE_CHARS_MAX } from "../limits.ts";
import type { Secret } from "./scrub.ts";

/**
 * Secrets that the sandbox may use and never see. Threat: an agent sends a credential to a host it was not meant for.
 * Invariant: the value is put in place of its placeholder only in a header, only over TLS, only to the bound host, port and path;
 * a placeholder anywhere else in a request head is refused, so that a misdirected use is seen and not passed on as nonsense.
 */
export interface CredentialBinding {
  /** What the sandbox holds instead, e.g. in an environment variable. */
  placeholder: string;
  /** The secret itself, asked for at each use. */
  value: () => string | Promise<string>;
  host: string;
  port: number;
  /** Path glob (`*` within a segment, `**` across); every path when omitted. */
  path?: string;
  /** The only header that may carry it; any when omitted. */
  header?: string;
}

export type HeaderPair = [name: string, value: string];

export interface CredentialTarget {
  host: string;
  port: number;
  /** Canonical, without the query. */
  path: string;
  /** Path and query as they will be sent. */
  target: string;
  secure: boolean;
}

export type CredentialResult = { headers: HeaderPair[] } | { refused: string };

const BASIC = /^basic +([A-Za-z0-9+/]+=*)$/i;
/** RFC 9110 5.5: anything else would end the header line. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export async function applyCredentials(
  headers: readonly HeaderPair[],
  bindings: readonly CredentialBinding[],
  target: CredentialTarget,
): Promise<CredentialResult> {
  const inTarget = bindings.find((binding) => target.target.includes(binding.placeholder));
  if (inTarget !== undefined)
    return { refused: "The request target carries a credential's placeholder; it may stand in a header only." };
  const out: HeaderPair[] = [];
  for (const [name, value] of headers) {
    const replaced = await replaceIn(name, value, bindings, target);
    if ("refused" in replaced) return replaced;
    out.push([name, replaced.value]);
  }
  return { headers: out };
}

async function replaceIn(
  name: string,
  value: string,
  bindings: readonly CredentialBinding[],
  target: CredentialTarget,
): Promise<{ value: string } | { refused: string }> {
  const plain = decodeBasic(value);
  const text = plain ?? value;
  const placeholders = new Set(bindings.map((binding) => binding.placeholder).filter((item) => text.includes(item)));
  if (placeholders.size === 0) return { value };
  let replaced = text;
  for (const placeholder of placeholders) {
    const binding = bindings.find((item) => item.placeholder === placeholder && isFor(item, name, target));
    if (binding === undefined) {
      return {
        refused: `The credential in header ${name.toLowerCase()} is not bound to ${target.host}:${target.port}${target.path}.`,
      };
    }
    if (!target.secure) return { refused: `The credential in header ${name.toLowerCase()} is sent over TLS only.` };
    const secret = await binding.value();
    if (secret.length > CREDENTIAL_VALUE_CHARS_MAX || !HEADER_VALUE.test(secret)) {
      return { refused: "The stored credential cannot stand in a header; store it anew without line breaks." };
    }
    replaced = replaced.replaceAll(placeholder, () => secret);
  }
  return { value: plain === null ? replaced : `Basic ${Buffer.from(replaced, "utf8").toString("base64")}` };
}

function isFor(binding: CredentialBinding, header: string, target: CredentialTarget): boolean {
  if (binding.host !== target.host || binding.port !== target.port) return false;
  if (binding.header !== undefined && binding.header.toLowerCase() !== header.toLowerCase()) return false;
  return binding.path === undefined || compileGlob(binding.path, { separator: "/" })(target.path);
}

function decodeBasic(value: string): string | null {
  const encoded = BASIC.exec(value)?.[1];
  return encoded === undefined ? null : Buffer.from(encoded, "base64").toString("utf8");
}

/** Every secret this host may ever have been sent, with what the sandbox sees instead, Basic forms of this request included. */
export async function secretsOf(
  bindings: readonly CredentialBinding[],
  target: { host: string; port: number },
  sent: readonly HeaderPair[],
): Promise<Secret[]> {
  const secrets: Secret[] = [];
  for (const binding of bindings) {
    if (binding.host !== target.host || binding.port !== target.port) continue;
    secrets.push({ value: await binding.value(), placeholder: binding.placeholder });
  }
  for (const [, value] of sent) {
    const encoded = BASIC.exec(value)?.[1];
    const plain = decodeBasic(value);
    if (encoded === undefined || plain === null) continue;
    const holds = secrets.find((secret) => secret.value.length > 0 && plain.includes(secret.value));
    if (holds !== undefined) secrets.push({ value: encoded, placeholder: holds.placeholder });
  }
  return secrets;
}
