import { X509Certificate } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { privateDir, readIfThere, syncDir, writeAtomic } from "./files.ts";
import { nodePaths } from "./paths.ts";

const nodeFileSchema = z.strictObject({
  nodeId: z.uuid(),
  nodeName: z.string(),
  orgSlug: z.string(),
  hubUrl: z.url(),
  enrolledAt: z.iso.datetime(),
});

/** Who this node is to its hub. The key is P-256, made here; the certificate lives 24 h and is renewed over the live channel. */
export interface Identity extends z.infer<typeof nodeFileSchema> {
  keyPem: string;
  certPem: string;
  /** The deployment CA, pinned at enrolment: the only authority the hub is believed by. */
  caPem: string;
}

/** The saved identity, or null when this directory was never enrolled. */
export async function loadIdentity(dir: string): Promise<Identity | null> {
  const root = nodePaths(dir).identity;
  const nodeText = await readIfThere(join(root, "node.json"));
  if (nodeText === null) return null;
  const [keyPem, certPem, caPem] = await Promise.all(
    ["key.pem", "cert.pem", "ca.pem"].map((name) => readIfThere(join(root, name))),
  );
  const parsed = nodeFileSchema.safeParse(safeJson(nodeText));
  if (!parsed.success || !keyPem || !certPem || !caPem)
    throw new Error(`The node's identity in ${root} is damaged. Remove that folder and enrol the node again.`);
  return { ...parsed.data, keyPem, certPem, caPem };
}

/** Saves a new identity: all files appear by one rename, so no crash leaves half of one. Refuses to replace another. */
export async function saveIdentity(dir: string, identity: Identity): Promise<void> {
  const paths = nodePaths(dir);
  const { keyPem, certPem, caPem, ...node } = identity;
  await privateDir(dir);
  const staging = join(dir, ".identity-new");
  await rm(staging, { recursive: true, force: true });
  await privateDir(staging);
  await writeAtomic(join(staging, "key.pem"), keyPem);
  await writeAtomic(join(staging, "cert.pem"), certPem);
  await writeAtomic(join(staging, "ca.pem"), caPem);
  await writeAtomic(join(staging, "node.json"), `${JSON.stringify(node, null, 2)}\n`);
  // rename onto a folder that holds files fails: an enrolled node is never silently replaced.
  await rename(staging, paths.identity);
  await syncDir(dir);
}

/** Puts a renewed certificate in place of the old one; the key stays. */
export const saveCertificate = (dir: string, certPem: string): Promise<void> =>
  writeAtomic(join(nodePaths(dir).identity, "cert.pem"), certPem);

/** When to ask for the next certificate: at two thirds of this one's life, so that a third is left to outlast an outage. */
export function renewalTime(certPem: string): { renewAtMs: number; expiresAtMs: number } {
  const certificate = new X509Certificate(certPem);
  const from = Date.parse(certificate.validFrom);
  const expiresAtMs = Date.parse(certificate.validTo);
  return { renewAtMs: from + ((expiresAtMs - from) * 2) / 3, expiresAtMs };
}

const safeJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
