import "reflect-metadata";
import { createHash, randomBytes, webcrypto } from "node:crypto";
import { and, eq, isNull, newId, sql, type Tx, tables } from "@creel/db";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { Ctx } from "../context.ts";
import { first } from "../stored.ts";
import { crypto, P256, type PrivateOrPublicKey, SIGNING } from "./csr.ts";

/**
 * Threat: a node of one org passes for a node of another, or a thief of the database signs nodes of their own. Invariant:
 * each org has its own CA, its private key is sealed for that org's row, and it signs for the node id we chose.
 */

export const NODE_CERTIFICATE_MS = 24 * 60 * 60 * 1000;
/** Clocks of hosts that have just booted may be behind. */
const BACKDATED_MS = 5 * 60 * 1000;
/** Rotation with overlap comes before this ends. */
const CA_MS = 10 * 365 * 24 * 60 * 60 * 1000;
const SERIAL_BYTES = 16;
const KIND = "node_ca";

const aadOf = (orgId: string, keyId: string): string => `creel/${orgId}/org_keys/${keyId}`;
/** Positive and never the same twice (RFC 5280 4.1.2.2). */
const serial = (): string => `01${randomBytes(SERIAL_BYTES - 1).toString("hex")}`;

export interface IssuedCertificate {
  certificatePem: string;
  expiresAt: Date;
}

interface NodeCa {
  certificate: X509Certificate;
  privateKey: PrivateOrPublicKey;
}

/** Signs a certificate that says: this key is this node of this org, for a day. */
export async function issueNodeCertificate(
  tx: Tx,
  ctx: Ctx,
  subject: { orgId: string; nodeId: string; publicKey: PrivateOrPublicKey },
): Promise<IssuedCertificate> {
  const ca = await nodeCa(tx, ctx, subject.orgId);
  const now = ctx.clock().getTime();
  const expiresAt = new Date(now + NODE_CERTIFICATE_MS);
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: serial(),
      issuer: ca.certificate.subject,
      subject: `CN=${subject.nodeId}, O=${subject.orgId}`,
      notBefore: new Date(now - BACKDATED_MS),
      notAfter: expiresAt,
      publicKey: subject.publicKey,
      signingKey: ca.privateKey,
      signingAlgorithm: SIGNING,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth], true),
      ],
    },
    crypto,
  );
  return { certificatePem: certificate.toString("pem"), expiresAt };
}

/** The org's CA certificates that still count, newest first. */
export async function nodeCaCertificates(tx: Tx, orgId: string): Promise<X509Certificate[]> {
  const t = tables.orgKeys;
  const rows = await tx
    .select({ pem: t.certificatePem })
    .from(t)
    .where(and(eq(t.orgId, orgId), eq(t.kind, KIND), isNull(t.retiredAt)));
  return rows.map((row) => new X509Certificate(row.pem));
}

async function nodeCa(tx: Tx, ctx: Ctx, orgId: string): Promise<NodeCa> {
  // Two first nodes at the same moment must not make two authorities.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`node_ca:${orgId}`}, 0))`);
  const t = tables.orgKeys;
  const row = first(
    await tx
      .select()
      .from(t)
      .where(and(eq(t.orgId, orgId), eq(t.kind, KIND), isNull(t.retiredAt))),
  );
  if (row === null) return await makeNodeCa(tx, ctx, orgId);
  const pkcs8 = Uint8Array.from(await ctx.seal.open(row.sealedKey, aadOf(orgId, row.id)));
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, P256, false, ["sign"]);
  return { certificate: new X509Certificate(row.certificatePem), privateKey };
}

/** Seals the org's signing keys under the deployment's newest key; answers how many were due. */
export async function rewrapOrgKeys(tx: Tx, ctx: Ctx, orgId: string): Promise<number> {
  const t = tables.orgKeys;
  const rows = await tx.select({ id: t.id, sealedKey: t.sealedKey }).from(t).where(eq(t.orgId, orgId)).for("update");
  const due = rows.filter(({ sealedKey }) => ctx.seal.isOutdated(sealedKey));
  for (const { id, sealedKey } of due) {
    const aad = aadOf(orgId, id);
    const sealed = await ctx.seal.seal(await ctx.seal.open(sealedKey, aad), aad);
    await tx
      .update(t)
      .set({ sealedKey: sealed })
      .where(and(eq(t.orgId, orgId), eq(t.id, id)));
  }
  return due.length;
}

async function makeNodeCa(tx: Tx, ctx: Ctx, orgId: string): Promise<NodeCa> {
  const now = ctx.clock();
  const id = newId(now);
  const keys = await webcrypto.subtle.generateKey(P256, true, ["sign", "verify"]);
  const name = `CN=Creel node CA ${createHash("sha256").update(id).digest("hex").slice(0, 8)}, O=${orgId}`;
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serial(),
      name,
      notBefore: new Date(now.getTime() - BACKDATED_MS),
      notAfter: new Date(now.getTime() + CA_MS),
      keys,
      signingAlgorithm: SIGNING,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    },
    crypto,
  );
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  await tx.insert(tables.orgKeys).values({
    orgId,
    id,
    kind: KIND,
    certificatePem: certificate.toString("pem"),
    sealedKey: await ctx.seal.seal(pkcs8, aadOf(orgId, id)),
    createdAt: now,
  });
  return { certificate, privateKey: keys.privateKey };
}
