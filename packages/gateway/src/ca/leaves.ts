import "reflect-metadata";
import { createPrivateKey, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import { createSecureContext, type SecureContext } from "node:tls";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { LEAF_CACHE_MAX, LEAF_CACHE_TTL_MS } from "../limits.ts";
import { BACKDATE_MS, KEY_ALGORITHM, type SandboxCa, SIGNING_ALGORITHM, serialNumber, toPem } from "./createCa.ts";

cryptoProvider.set(webcrypto);

/** TLS server identities made on demand, one per host, for one sandbox. */
export interface Leaves {
  contextFor(host: string): Promise<SecureContext>;
}

const LEAF_VALIDITY_MS = 30 * 24 * 3600 * 1000;
/** Some clients still print the common name; X.520 ends it at 64 characters. */
const COMMON_NAME_CHARS_MAX = 64;

export function createLeaves({ ca, now }: { ca: SandboxCa; now: () => number }): Leaves {
  const cache = new Map<string, { madeAt: number; context: Promise<SecureContext> }>();
  const authority = loadAuthority(ca);

  async function make(host: string): Promise<SecureContext> {
    const { issuer, signingKey, leafKeys, leafKeyPem } = await authority;
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      issuer: issuer.subjectName,
      subject: [{ CN: [host.length <= COMMON_NAME_CHARS_MAX ? host : "creel"] }],
      notBefore: new Date(now() - BACKDATE_MS),
      notAfter: new Date(now() + LEAF_VALIDITY_MS),
      publicKey: leafKeys.publicKey,
      signingKey,
      signingAlgorithm: SIGNING_ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension([{ type: isIP(host) === 0 ? "dns" : "ip", value: host }]),
        await SubjectKeyIdentifierExtension.create(leafKeys.publicKey),
        await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ],
    });
    return createSecureContext({ key: leafKeyPem, cert: toPem("CERTIFICATE", certificate.rawData) });
  }

  return {
    contextFor(host) {
      const known = cache.get(host);
      if (known !== undefined && now() - known.madeAt < LEAF_CACHE_TTL_MS) {
        // Moved to the end: the map's order is the order of use.
        cache.delete(host);
        cache.set(host, known);
        return known.context;
      }
      const context = make(host);
      cache.set(host, { madeAt: now(), context });
      context.catch(() => cache.delete(host));
      const oldest = cache.keys().next().value;
      if (cache.size > LEAF_CACHE_MAX && oldest !== undefined) cache.delete(oldest);
      return context;
    },
  };
}

async function loadAuthority(ca: SandboxCa) {
  const issuer = new X509Certificate(ca.certificatePem);
  const der = createPrivateKey(ca.keyPem).export({ format: "der", type: "pkcs8" });
  const signingKey = await webcrypto.subtle.importKey("pkcs8", der, KEY_ALGORITHM, false, ["sign"]);
  const leafKeys = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
  const leafKeyPem = toPem("PRIVATE KEY", await webcrypto.subtle.exportKey("pkcs8", leafKeys.privateKey));
  return { issuer, signingKey, leafKeys, leafKeyPem };
}
