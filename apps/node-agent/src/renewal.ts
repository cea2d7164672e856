import { createPrivateKey, X509Certificate } from "node:crypto";
import type { NodeMessage } from "@creel/protocol";
import type { Logger } from "pino";
import { makeCsr } from "./csr.ts";
import { type Identity, renewalTime, saveCertificate } from "./identity.ts";

/** How often a due renewal is asked for again while the hub does not answer. */
const CHECK_MS = 30_000;
/** Nodes enrolled in the same second should not all renew in the same second. */
const JITTER_MS_MAX = 60_000;

/** Keeps the node's certificate fresh over the live connection: asks at two thirds of its life, and again until it is answered. */
export function createRenewal(options: {
  dir: string;
  identity: () => Identity;
  setIdentity: (identity: Identity) => void;
  send: (message: NodeMessage) => boolean;
  log: Logger;
  now?: () => number;
  jitter?: () => number;
}) {
  const now = options.now ?? Date.now;
  const jitterMs = (options.jitter ?? Math.random)() * JITTER_MS_MAX;
  let alarmed = false;

  const check = async (): Promise<void> => {
    const { renewAtMs, expiresAtMs } = renewalTime(options.identity().certPem);
    const lifeLeftMs = expiresAtMs - renewAtMs;
    if (now() < renewAtMs + Math.min(jitterMs, lifeLeftMs / 10)) return;
    const { keyPem, nodeName } = options.identity();
    const asked = options.send({ type: "renew", csrPem: await makeCsr({ keyPem, commonName: nodeName }) });
    if (!asked && !alarmed && now() > renewAtMs + lifeLeftMs / 2) {
      alarmed = true;
      options.log.error(
        { expiresAt: new Date(expiresAtMs).toISOString() },
        "the node's certificate is close to its end and the hub is away; after that the node must be enrolled anew",
      );
    }
  };
  const timer = setInterval(
    () => void check().catch((error) => options.log.error({ err: error }, "renewal failed")),
    CHECK_MS,
  );
  timer.unref();

  return {
    check,
    /** Takes a renewed certificate, if it certifies this node's own key and is still good. */
    async accept(certPem: string): Promise<void> {
      const identity = options.identity();
      const certificate = new X509Certificate(certPem);
      if (!certificate.checkPrivateKey(createPrivateKey(identity.keyPem)))
        throw new Error("The hub sent a certificate for another key; it was not taken.");
      if (Date.parse(certificate.validTo) <= now()) throw new Error("The hub sent a certificate that is already over.");
      await saveCertificate(options.dir, certPem);
      options.setIdentity({ ...identity, certPem });
      alarmed = false;
      options.log.info({ validTo: certificate.validTo }, "certificate renewed");
    },
    close: () => clearInterval(timer),
  };
}
