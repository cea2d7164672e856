/**
 * Threat: whoever stands between a new node and its hub could show a certificate of their own and read the enrolment secret.
 * Invariant: nothing is sent before the certificate that the join URI names by fingerprint was seen, and everything that follows
 * goes over connections whose chain and host name OpenSSL verified against that certificate alone.
 */
import { createHash } from "node:crypto";
import { connect, type DetailedPeerCertificate } from "node:tls";

const HANDSHAKE_MS_MAX = 10_000;
/** A deployment's chain is leaf and CA; anything longer than this is not ours. */
const CHAIN_MAX = 5;

const fingerprint = (der: Buffer): string => createHash("sha256").update(der).digest("hex");
const toPem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${(der.toString("base64").match(/.{1,64}/g) ?? []).join("\n")}\n-----END CERTIFICATE-----\n`;

/** Opens a TLS connection, reads the chain the hub shows, sends nothing, and returns the pinned CA as PEM. */
export function fetchPinnedCa(hub: { host: string; port: number; caFingerprint: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const where = `${hub.host}:${hub.port}`;
    // The chain is not trusted here: it is only searched for the certificate we already know by its fingerprint.
    const socket = connect({ host: hub.host, port: hub.port, rejectUnauthorized: false, minVersion: "TLSv1.3" });
    const fail = (message: string) => {
      socket.destroy();
      reject(new Error(message));
    };
    socket.setTimeout(HANDSHAKE_MS_MAX, () =>
      fail(
        `The hub at ${where} did not finish the TLS handshake within ${HANDSHAKE_MS_MAX / 1000} s. Is it a Creel hub?`,
      ),
    );
    socket.once("error", (error) =>
      fail(`The hub at ${where} cannot be reached: ${error.message}. Check the address and that the hub runs.`),
    );
    socket.once("secureConnect", () => {
      let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
      for (let depth = 0; certificate?.raw && depth < CHAIN_MAX; depth++) {
        if (fingerprint(certificate.raw) === hub.caFingerprint) {
          const pem = toPem(certificate.raw);
          socket.destroy();
          return resolve(pem);
        }
        const issuer: DetailedPeerCertificate | undefined = certificate.issuerCertificate;
        if (!issuer || issuer === certificate || issuer.fingerprint256 === certificate.fingerprint256) break;
        certificate = issuer;
      }
      fail(
        `The hub at ${where} does not show the certificate that the join URI names. Nothing was sent. ` +
          "Either the URI is of another deployment, or something stands between this host and the hub.",
      );
    });
  });
}
