import "reflect-metadata";
import { createPrivateKey, createPublicKey, type KeyObject, webcrypto } from "node:crypto";
import { Pkcs10CertificateRequestGenerator } from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNING = { name: "ECDSA", hash: "SHA-256" } as const;

/** A fresh P-256 key as PKCS #8 PEM. It is made here and never leaves this host. */
export async function makeNodeKey(): Promise<string> {
  const pair = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", pair.privateKey));
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" })
    .export({ type: "pkcs8", format: "pem" })
    .toString();
}

/** A certificate request signed by the node's key: the proof that whoever asks holds it. */
export async function makeCsr(input: { keyPem: string; commonName: string }): Promise<string> {
  const key = createPrivateKey(input.keyPem);
  const privateKey = await webcrypto.subtle.importKey("pkcs8", toDer(key, "pkcs8"), ALGORITHM, false, ["sign"]);
  const publicKey = await webcrypto.subtle.importKey(
    "spki",
    toDer(createPublicKey(input.keyPem), "spki"),
    ALGORITHM,
    true,
    ["verify"],
  );
  const csr = await Pkcs10CertificateRequestGenerator.create(
    // The name is only a label; the hub writes the subject of the certificate itself.
    { name: [{ CN: [input.commonName] }], keys: { privateKey, publicKey }, signingAlgorithm: SIGNING },
    webcrypto,
  );
  return `${csr.toString("pem")}\n`;
}

const toDer = (key: KeyObject, type: "pkcs8" | "spki"): Buffer =>
  type === "pkcs8" ? key.export({ type, format: "der" }) : key.export({ type, format: "der" });
