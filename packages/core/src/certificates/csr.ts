import "reflect-metadata";
import { createHash, webcrypto } from "node:crypto";
import { cryptoProvider, Pkcs10CertificateRequest } from "@peculiar/x509";
import { CreelError } from "../errors/errors.ts";

/** @peculiar/x509 signs and verifies with Node's own Web Crypto. */
type Provider = ReturnType<typeof cryptoProvider.get>;
export type PrivateOrPublicKey = webcrypto.CryptoKey;
/** Node's implementation of the same standard; only the two declarations of its type differ. */
export const crypto = webcrypto as Provider & typeof webcrypto;
cryptoProvider.set(crypto);

export const P256 = { name: "ECDSA", namedCurve: "P-256" } as const;
export const SIGNING = { name: "ECDSA", hash: "SHA-256" } as const;

export interface CheckedRequest {
  publicKey: PrivateOrPublicKey;
  /** SHA-256 of the key's SubjectPublicKeyInfo, hex. */
  publicKeyHash: string;
}

/** Takes the public key from a request and nothing else: what a node wants to be called is not for the node to say. */
export async function checkRequest(csrPem: string): Promise<CheckedRequest> {
  try {
    const request = new Pkcs10CertificateRequest(csrPem);
    const algorithm: { name?: string; namedCurve?: string } = request.publicKey.algorithm;
    if (algorithm.name !== "ECDSA" || algorithm.namedCurve !== "P-256") throw new Error("not a P-256 key");
    // Proof of possession: the request is signed with the key it asks a certificate for.
    if (!(await request.verify(crypto))) throw new Error("the signature does not hold");
    return {
      publicKey: await request.publicKey.export(P256, ["verify"], crypto),
      publicKeyHash: hashPublicKey(request.publicKey.rawData),
    };
  } catch (cause) {
    throw new CreelError(
      "invalid_input",
      "csrPem: not a signed certificate request for a P-256 key. Let the node agent make a new key and request.",
      { cause },
    );
  }
}

export const hashPublicKey = (spki: ArrayBuffer): string =>
  createHash("sha256").update(new Uint8Array(spki)).digest("hex");
