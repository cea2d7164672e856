import "reflect-metadata";
import { X509Certificate } from "@peculiar/x509";
import { z } from "zod";
import { crypto, hashPublicKey } from "./csr.ts";

export interface NodeClaim {
  orgId: string;
  nodeId: string;
  publicKeyHash: string;
  certificate: X509Certificate;
}

/** What a certificate says of itself. Nothing of it is true before `signedByAny` has held. */
export function readClaim(certificatePem: string): NodeClaim | null {
  try {
    const certificate = new X509Certificate(certificatePem);
    const orgId = z.uuid().parse(certificate.subjectName.getField("O")[0]);
    const nodeId = z.uuid().parse(certificate.subjectName.getField("CN")[0]);
    return { orgId, nodeId, publicKeyHash: hashPublicKey(certificate.publicKey.rawData), certificate };
  } catch {
    return null;
  }
}

/** Whether one of these authorities signed it and its time is now. */
export async function signedByAny(
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
  now: Date,
): Promise<boolean> {
  if (now < certificate.notBefore || now >= certificate.notAfter) return false;
  for (const authority of authorities)
    if (await certificate.verify({ publicKey: authority.publicKey, signatureOnly: true }, crypto)) return true;
  return false;
}
