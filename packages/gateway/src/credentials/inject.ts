import type { HeaderPair } from "../http/headerPair.ts";
import { CREDENTIAL_VALUE_CHARS_MAX } from "../limits.ts";
import { bodyKindOf, bodyText, valueInBody } from "./bodies.ts";
import { CredentialUnavailable, currentValue, isSigningName } from "./credential.ts";
import { plainLetters } from "./letters.ts";
import { type CredentialRequest, type CredentialUse, decodeBasic } from "./uses.ts";

/** RFC 9110 5.5: anything else would end the header line. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export interface Injected {
  target: string;
  headers: HeaderPair[];
  body: Buffer | null;
}

/**
 * The request with values in place of placeholders. Called for uses that the policy in force allowed, right before they are sent.
 * Rejects with `CredentialUnavailable`, whose message names no value.
 */
export async function inject(request: CredentialRequest, uses: readonly CredentialUse[]): Promise<Injected> {
  const values = await valuesOf(uses);
  const put = (text: string, where: CredentialUse["where"], write: (value: string) => string | null): string => {
    let out = text;
    for (const use of uses) {
      const value = use.where === where ? values.get(use.credential.placeholder) : undefined;
      if (value === undefined || !out.includes(use.credential.placeholder)) continue;
      const written = write(value);
      if (written === null)
        throw new CredentialUnavailable(`The stored credential ${use.credential.name} cannot stand in ${use.place}.`);
      out = out.replaceAll(use.credential.placeholder, () => written);
    }
    return out;
  };
  return {
    target: injectTarget(request.target, uses, put),
    headers: request.headers.map(([name, value]) => [name, injectHeader(value, put)]),
    body: injectBody(request, put),
  };
}

type Put = (text: string, where: CredentialUse["where"], write: (value: string) => string | null) => string;

async function valuesOf(uses: readonly CredentialUse[]): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  for (const { credential } of uses) {
    if (isSigningName(credential.name) || values.has(credential.placeholder)) continue;
    const value = await currentValue(credential);
    if (value === "" || value.length > CREDENTIAL_VALUE_CHARS_MAX)
      throw new CredentialUnavailable(`The stored credential ${credential.name} is empty or too long.`);
    values.set(credential.placeholder, value);
  }
  return values;
}

function injectHeader(value: string, put: Put): string {
  const inHeader = (secret: string): string | null => (HEADER_VALUE.test(secret) ? secret : null);
  const plain = decodeBasic(value);
  if (plain === null) return put(value, "header", inHeader);
  const replaced = put(plain, "header", (secret) => Buffer.from(secret, "utf8").toString("latin1"));
  return replaced === plain ? value : `Basic ${Buffer.from(replaced, "latin1").toString("base64")}`;
}

/** Characters of RFC 3986 `pchar` that a path may hold as they are; services write keys such as `bot123:abc` into it. */
const inPath = (value: string): string | null =>
  /^\.{1,2}$/.test(value)
    ? null
    : encodeURIComponent(value).replace(/%(3A|40|24|2C)/g, (code) => decodeURIComponent(code));

function injectTarget(target: string, uses: readonly CredentialUse[], put: Put): string {
  if (!uses.some(({ where }) => where === "path" || where === "query")) return target;
  const mark = target.indexOf("?");
  const path = mark === -1 ? target : target.slice(0, mark);
  const query = mark === -1 ? "" : target.slice(mark);
  const filled = put(plainLetters(path), "path", inPath);
  // A value that is a whole segment must not become one that goes away.
  if (/(^|\/)\.{1,2}(\/|$)/.test(filled))
    throw new CredentialUnavailable("The stored credential cannot stand in the path.");
  return filled + put(plainLetters(query), "query", encodeURIComponent);
}

function injectBody({ body, headers }: CredentialRequest, put: Put): Buffer | null {
  const kind = body === null ? null : bodyKindOf(headers);
  if (body === null || kind === null) return body;
  const text = bodyText(body, kind);
  const filled = put(text, "body", (value) => valueInBody(value, kind));
  return filled === text ? body : Buffer.from(filled, "latin1");
}
