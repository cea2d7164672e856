import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import type { CredentialPlan } from "@creel/policy";
import type { CheckedRequest } from "../../http/checkRequest.ts";
import type { HeaderPair } from "../../http/headerPair.ts";
import { headerOf } from "./account.ts";

/**
 * A request as AWS takes it: the sandbox's signature away, ours in its place, made last of all over what really leaves. Path and query
 * are written in AWS's own spelling before, so that what AWS reads back is what was signed.
 */
export type Signing = NonNullable<CredentialPlan["signing"]>;

export interface AwsKeys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string | null;
}

export interface ToSign {
  request: CheckedRequest;
  body: Buffer | null;
  signing: Signing;
  /** What the sandbox's signature named; only where the policy names none. */
  scopeRegion: string | null;
  keys: AwsKeys;
  /** As the Host header will say it. */
  host: string;
  nowMs: number;
}

const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const UNSIGNED = "UNSIGNED-PAYLOAD";
/** Chunks with a checksum behind them, unsigned because TLS guards them. */
const UNSIGNED_CHUNKS = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
const SHA256_HEX = /^[0-9a-f]{64}$/;
const REPLACED = new Set(["authorization", "x-amz-date", "date", "x-amz-security-token", "x-amz-content-sha256"]);

/** S3 alone encodes a path once and takes bodies that nobody hashed. */
export const isS3 = (service: string): boolean => /^s3(-|express|$)/.test(service);

/** The body's hash as it can be known without reading the body; null: the body has to be held. */
export function payloadHash(request: CheckedRequest, { mode, service }: Signing): string | null {
  if (request.body === "none") return EMPTY_SHA256;
  if (mode === "sigv4:body") return null;
  if (mode === "sigv4:no_body") return UNSIGNED;
  const said = headerOf(request.headers, "x-amz-content-sha256") ?? "";
  // AWS compares the body with it: a client that says a wrong one is refused there.
  if (SHA256_HEX.test(said)) return said;
  if (!isS3(service)) return null;
  return said === UNSIGNED_CHUNKS ? said : UNSIGNED;
}

export async function signAws({
  request,
  body,
  signing,
  scopeRegion,
  keys,
  host,
  nowMs,
}: ToSign): Promise<CheckedRequest> {
  const { path, query, target } = awsTarget(request.target);
  const hash =
    payloadHash(request, signing) ??
    createHash("sha256")
      .update(body ?? "")
      .digest("hex");
  const kept = request.headers.filter(([name]) => !REPLACED.has(name.toLowerCase()));
  const s3 = isS3(signing.service);
  // Loaded when it is first needed: most runs never speak to AWS.
  const { SignatureV4 } = await import("@smithy/signature-v4");
  const signer = new SignatureV4({
    service: signing.service,
    region: signing.region ?? scopeRegion ?? "us-east-1",
    credentials: {
      accessKeyId: keys.accessKeyId,
      secretAccessKey: keys.secretAccessKey,
      ...(keys.sessionToken === null ? {} : { sessionToken: keys.sessionToken }),
    },
    sha256: Sha256,
    uriEscapePath: !s3,
    applyChecksum: false,
  });
  // Other services hash the body that they receive; S3 takes the head's word, and so do requests whose body nobody held.
  const tellsHash = s3 || (body === null && request.body !== "none");
  const headers = {
    host,
    ...signedHeaders(kept),
    ...(tellsHash ? { "x-amz-content-sha256": hash } : {}),
  };
  const signed = await signer.sign(
    { method: request.method, protocol: "https:", hostname: host, path, query, headers, body: body ?? undefined },
    { signingDate: new Date(nowMs) },
  );
  const added = ["authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"].flatMap((name) => {
    const value = signed.headers[name];
    return value === undefined ? [] : ([[name, value]] satisfies HeaderPair[]);
  });
  return { ...request, target, headers: [...kept, ...added] };
}

/** What AWS demands in the signature; other headers may be changed on the way without harm. Repeated ones are read as one list. */
function signedHeaders(headers: readonly HeaderPair[]): Record<string, string> {
  const record = new Map<string, string>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (key !== "content-type" && key !== "content-md5" && !key.startsWith("x-amz-")) continue;
    const before = record.get(key);
    record.set(key, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(record);
}

/** Everything but letters, digits, `-._~` is escaped, in upper case. */
const awsEscape = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** Names and values as AWS reads them; no prototype, because a parameter may be called `__proto__`. */
export function awsTarget(target: string): { path: string; query: Record<string, string[]>; target: string } {
  const mark = target.indexOf("?");
  const rawPath = mark === -1 ? target : target.slice(0, mark);
  const path = rawPath
    .split("/")
    .map((segment) => awsEscape(decodeURIComponent(segment)))
    .join("/");
  const query: Record<string, string[]> = Object.create(null);
  const written: string[] = [];
  for (const part of mark === -1 ? [] : target.slice(mark + 1).split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const read = (text: string): string => decodeURIComponent(text.replaceAll("+", "%20"));
    const key = read(equals === -1 ? part : part.slice(0, equals));
    const value = read(equals === -1 ? "" : part.slice(equals + 1));
    query[key] = [...(query[key] ?? []), value];
    written.push(`${awsEscape(key)}=${awsEscape(value)}`);
  }
  return { path, query, target: written.length === 0 ? path : `${path}?${written.join("&")}` };
}

/** Node's hash in the shape that the signer asks for; with a secret it is an HMAC. */
class Sha256 {
  private readonly hash: Hash | Hmac;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", toBytes(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(toBytes(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }
  /** The signer makes a new one each time. */
  reset(): void {}
}

function toBytes(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === "string") return Buffer.from(data, "utf8");
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return new Uint8Array(data);
}
