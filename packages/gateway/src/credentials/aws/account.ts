import { bindsCredential, type CompiledPolicy, type CredentialPlan } from "@creel/policy";
import type { HeaderPair } from "../../http/headerPair.ts";
import { accountOf, type SandboxCredential } from "../credential.ts";
import type { CredentialStore } from "../store.ts";

/**
 * Which keys sign a request to AWS. Threat: an agent brings keys of its own and carries data to an account of its own, through a host
 * that is allowed for ours. Invariant: where the policy says `credential_signing`, a request is signed with a key of this sandbox that
 * is bound to the place, or it is refused.
 */
export interface AwsAccount {
  accessKeyId: SandboxCredential;
  secretAccessKey: SandboxCredential;
  sessionToken: SandboxCredential | null;
}

/** What the sandbox's own signature says; null when the request is not signed. */
export interface AwsScope {
  keyId: string;
  region: string;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 +Credential=([^/,\s]+)\/\d{8}\/([A-Za-z0-9-]{1,64})\/[A-Za-z0-9-]{1,64}\/aws4_request *,/;
const PRESIGNED = new Set(["x-amz-signature", "x-amz-credential", "x-amz-algorithm", "awsaccesskeyid", "signature"]);

export const headerOf = (headers: readonly HeaderPair[], name: string): string | null =>
  headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? null;

export function scopeOf(headers: readonly HeaderPair[], target: string): AwsScope | null | { problem: string } {
  const query = new URLSearchParams(target.slice(target.indexOf("?") + 1 || target.length));
  if ([...query.keys()].some((key) => PRESIGNED.has(key.toLowerCase())))
    return {
      problem:
        "The request is signed in its query; this endpoint signs in a header, so send it unsigned or signed there.",
    };
  if (/^STREAMING-AWS4-/.test(headerOf(headers, "x-amz-content-sha256") ?? ""))
    return {
      problem:
        "Each chunk of the body is signed with a key that the sandbox does not have; turn the signing of payloads off.",
    };
  const signatures = headers.filter(([name]) => name.toLowerCase() === "authorization");
  const [first] = signatures;
  if (first === undefined) return null;
  const match = AUTHORIZATION.exec(first[1]);
  if (match === null || signatures.length > 1)
    return { problem: "The Authorization header is none of AWS Signature Version 4 (AWS4-HMAC-SHA256)." };
  return { keyId: match[1] ?? "", region: match[2] ?? "" };
}

export interface AwsPlace {
  host: string;
  port: number;
  /** Canonical, without the query. */
  path: string;
}

/** The account whose placeholder stands in the signature; without one the only account that is bound here. */
export function findAccount(
  policy: CompiledPolicy,
  plan: CredentialPlan,
  store: CredentialStore,
  place: AwsPlace,
  scope: AwsScope | null,
): AwsAccount | { problem: string } {
  const isBound = (name: string): boolean => plan.bound.includes(name) || bindsCredential(policy, { name, ...place });
  const bound = store.all().filter(({ name }) => accountOf(name) !== null && isBound(name));
  const named = scope === null ? bound : bound.filter(({ placeholder }) => placeholder === scope.keyId);
  const [accessKeyId] = named;
  const where = `${place.host}:${place.port}${place.path}`;
  if (accessKeyId === undefined && scope !== null)
    return {
      problem: `The request is signed with a key that is not bound to ${where}; only a key of this sandbox may sign here.`,
    };
  if (accessKeyId === undefined)
    return { problem: `The endpoint signs for AWS, and no credential AWS_ACCESS_KEY_ID is bound to ${where}.` };
  if (named.length > 1)
    return { problem: `More than one AWS account is bound to ${where}; sign with the placeholder of one.` };
  const prefix = accountOf(accessKeyId.name) ?? "";
  const secretAccessKey = store.byName(`${prefix}AWS_SECRET_ACCESS_KEY`);
  const sessionToken = store.byName(`${prefix}AWS_SESSION_TOKEN`);
  if (secretAccessKey === null)
    return { problem: `The sandbox has ${accessKeyId.name} and no ${prefix}AWS_SECRET_ACCESS_KEY.` };
  // The three belong together; where the policy binds one of the others by itself, that holds as well.
  for (const other of [secretAccessKey, sessionToken])
    if (other !== null && policy.policy.credentials[other.name] !== undefined && !isBound(other.name))
      return { problem: `The credential ${other.name} is not bound to ${where}.` };
  return { accessKeyId, secretAccessKey, sessionToken };
}
