import { bindsCredential, type CompiledPolicy, type CredentialPlan } from "@creel/policy";
import type { HeaderPair } from "../http/headerPair.ts";

import { bodyKindOf, bodyText } from "./bodies.ts";
import { accountOf, isSigningName, type SandboxCredential } from "./credential.ts";
import { plainLetters } from "./letters.ts";

/**
 * Where a request carries placeholders, and whether the policy in force lets them be replaced there. Threat: an agent sends a
 * credential to a host, port or path it was not meant for, perhaps dressed in an encoding. Invariant: such a request is refused and
 * written down, in monitor mode too, and nothing of it is forwarded; over plain HTTP none is ever replaced.
 */

export interface CredentialRequest {
  /** Canonical, without the query. */
  path: string;
  /** Path and query. */
  target: string;
  headers: readonly HeaderPair[];
  /** Held because the policy may have something replaced in it; null when it streams. */
  body: Buffer | null;
}

/** A place of a request in which a placeholder stands. */
export interface CredentialUse {
  credential: SandboxCredential;
  where: "path" | "query" | "header" | "body" | "message";
  /** As a person would name it. */
  place: string;
}

const BASIC = /^basic +([A-Za-z0-9+/]+=*)$/i;
export function decodeBasic(value: string): string | null {
  const encoded = BASIC.exec(value)?.[1];
  return encoded === undefined ? null : Buffer.from(encoded, "base64").toString("latin1");
}

export function usesIn(request: CredentialRequest, credentials: readonly SandboxCredential[]): CredentialUse[] {
  if (credentials.length === 0) return [];
  const uses: CredentialUse[] = [];
  const look = (text: string, where: CredentialUse["where"], place: string): void => {
    for (const credential of credentials)
      if (text.includes(credential.placeholder)) uses.push({ credential, where, place });
  };
  const mark = request.target.indexOf("?");
  look(plainLetters(mark === -1 ? request.target : request.target.slice(0, mark)), "path", "the path");
  if (mark !== -1) look(plainLetters(request.target.slice(mark)), "query", "the query");
  for (const [name, value] of request.headers) {
    const place = `the header ${name.toLowerCase()}`;
    look(decodeBasic(value) ?? value, "header", place);
    look(name, "header", place);
  }
  const kind = request.body === null ? null : bodyKindOf(request.headers);
  if (request.body !== null && kind !== null) look(bodyText(request.body, kind), "body", "the body");
  return uses;
}

/** Where AWS keys are expected: their request is signed anew, and what stands there is thrown away. */
const SIGNED_AWAY = ["the header authorization", "the header x-amz-security-token"];

export interface UsePlace {
  host: string;
  port: number;
  /** Canonical, without the query. */
  path: string;
  secure: boolean;
}

/** Why these uses are refused under this policy, or null. */
export function credentialProblem(
  policy: CompiledPolicy,
  plan: CredentialPlan,
  uses: readonly CredentialUse[],
  { host, port, path, secure }: UsePlace,
): string | null {
  for (const { credential, where, place } of uses) {
    const { name } = credential;
    if ((where === "body" && !plan.requestBodies) || (where === "message" && !plan.webSocketText)) continue;
    if (!bindsCredential(policy, { name, host, port, path }) && !plan.bound.includes(name)) {
      // The other two of an AWS account go where its key goes; the account is judged as one.
      if (!(isSigningName(name) && accountOf(name) === null && plan.signing !== null && SIGNED_AWAY.includes(place)))
        return `The credential ${name} in ${place} is not bound to ${host}:${port}${path}.`;
    }
    if (!secure) return `The credential ${name} in ${place} is sent over TLS only.`;
    if (isSigningName(name) && (plan.signing === null || !SIGNED_AWAY.includes(place)))
      return `The credential ${name} in ${place} signs requests and is put into nothing; its endpoint needs \`credential_signing\`.`;
  }
  return null;
}
