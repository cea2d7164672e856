import { createPrivateKey, X509Certificate } from "node:crypto";
import { request } from "node:https";
import { hostname } from "node:os";
import {
  type EnrollRequest,
  type EnrollResponse,
  enrollResponseSchema,
  type HostCapabilities,
  PROTOCOL_VERSION,
} from "@creel/protocol";
import { probeHost } from "@creel/sandbox";
import { makeCsr, makeNodeKey } from "./csr.ts";
import { type Identity, loadIdentity, saveIdentity } from "./identity.ts";
import { type JoinUri, parseJoinUri } from "./join-uri.ts";
import { nodePaths } from "./paths.ts";
import { fetchPinnedCa } from "./pinned-ca.ts";

const ENROLL_MS_MAX = 20_000;
/** An answer holds one certificate and a few names. */
const ANSWER_BYTES_MAX = 64 * 1024;

export interface EnrollOptions {
  /** The node's name in the dashboard; this host's name when left out. */
  name?: string;
  capabilities?: HostCapabilities;
}

/**
 * Joins this host to a deployment: makes the key here, pins the deployment CA by the URI's fingerprint, trades the single-use
 * secret for a certificate, and saves the identity under `dir` by one rename.
 * @throws Error with the reason and the remedy; no message holds the secret.
 */
export async function enroll(uri: string, dir: string, options: EnrollOptions = {}): Promise<Identity> {
  const join = parseJoinUri(uri);
  if (await loadIdentity(dir))
    throw new Error(`This host is already enrolled (${nodePaths(dir).identity}). Remove that folder to enrol it anew.`);
  const name = nodeNameFrom(options.name ?? hostname());
  const capabilities = options.capabilities ?? (await probeHost());
  const caPem = await fetchPinnedCa(join);
  const keyPem = await makeNodeKey();
  const csrPem = await makeCsr({ keyPem, commonName: name });
  const body: EnrollRequest = { protocol: PROTOCOL_VERSION, secret: join.secret, csrPem, name, capabilities };
  const answer = await postEnroll(join, caPem, body);
  const certificate = new X509Certificate(answer.certificatePem);
  if (!certificate.checkPrivateKey(createPrivateKey(keyPem)) || Date.parse(certificate.validTo) < Date.now())
    throw new Error(
      "The hub answered with a certificate that is not for this node's key, or already over. Nothing was saved.",
    );
  const identity: Identity = {
    nodeId: answer.nodeId,
    nodeName: answer.nodeName,
    orgSlug: answer.orgSlug,
    hubUrl: answer.hubUrl,
    enrolledAt: new Date().toISOString(),
    keyPem,
    certPem: answer.certificatePem,
    caPem,
  };
  await saveIdentity(dir, identity);
  return identity;
}

/** Turns a host name into a node name: lower-case letters, digits and dashes, at most 63. */
export const nodeNameFrom = (text: string): string =>
  text
    .toLowerCase()
    .split(".")[0]
    ?.replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 63) || "node";

function postEnroll(join: JoinUri, caPem: string, body: EnrollRequest): Promise<EnrollResponse> {
  return new Promise((resolve, reject) => {
    const payload = JSON.stringify(body);
    const call = request(
      {
        host: join.host,
        port: join.port,
        path: "/v1/enroll",
        method: "POST",
        ca: caPem,
        minVersion: "TLSv1.3",
        agent: false,
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(payload) },
        timeout: ENROLL_MS_MAX,
      },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > ANSWER_BYTES_MAX) call.destroy(new Error("the hub's answer is too long"));
          else chunks.push(chunk);
        });
        response.once("error", reject);
        response.once("end", () => {
          try {
            resolve(readAnswer(response.statusCode ?? 0, Buffer.concat(chunks).toString("utf8")));
          } catch (error) {
            reject(error);
          }
        });
      },
    );
    call.once("timeout", () => call.destroy(new Error(`no answer within ${ENROLL_MS_MAX / 1000} s`)));
    call.once("error", (error) =>
      reject(new Error(`Enrolment at ${join.host}:${join.port} failed: ${error.message}.`)),
    );
    call.end(payload);
  });
}

function readAnswer(status: number, text: string): EnrollResponse {
  const json: unknown = text.startsWith("{") ? JSON.parse(text) : {};
  if (status === 200) return enrollResponseSchema.parse(json);
  const said =
    typeof json === "object" && json && "error" in json ? String(json.error).slice(0, 500) : `status ${status}`;
  const remedy =
    status === 401 || status === 404 || status === 403
      ? " The secret works once and for a short time: make a new join URI in the dashboard."
      : "";
  throw new Error(`The hub refused the enrolment: ${said}.${remedy}`);
}
