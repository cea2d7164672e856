import "reflect-metadata";
import { webcrypto } from "node:crypto";
import type { ServerResponse } from "node:http";
import { createServer } from "node:https";
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const LIFE_MS = 3_600_000;

/** An authority and a server certificate under it, for the loopback servers of a test. */
export async function makeChain(names: { type: "dns" | "ip"; value: string }[]) {
  const ca = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const leaf = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const notAfter = new Date(Date.now() + LIFE_MS);
  const authority = await X509CertificateGenerator.createSelfSigned({
    name: "CN=Test authority",
    notAfter,
    signingAlgorithm: ALGORITHM,
    keys: ca,
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  });
  const certificate = await X509CertificateGenerator.create({
    subject: "CN=server",
    issuer: authority.subject,
    notAfter,
    signingAlgorithm: ALGORITHM,
    publicKey: leaf.publicKey,
    signingKey: ca.privateKey,
    extensions: [new SubjectAlternativeNameExtension(names)],
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", leaf.privateKey), "PRIVATE KEY");
  return { caPem: authority.toString("pem"), certPem: certificate.toString("pem"), keyPem: key };
}

/** An HTTPS host on loopback that remembers what reached it; what asks for `/api/wait` waits until the test answers it. */
export async function startWorld(host: string) {
  const { caPem, certPem, keyPem } = await makeChain([{ type: "dns", value: host }]);
  const served: string[] = [];
  const waiting: ServerResponse[] = [];
  const authorizations: string[] = [];
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    served.push(`${request.method} ${request.url}`);
    request.resume();
    response.setHeader("connection", "close");
    authorizations.push(request.headers.authorization ?? "");
    if (request.url === "/api/wait") waiting.push(response);
    // A host that tells everything it was ever told.
    else if (request.url === "/api/echo") response.end(`${JSON.stringify([...new Set(authorizations)])}\n`);
    else response.end("ok\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    caPem,
    served,
    waiting,
    /** What each request said of who asks, in order. */
    authorizations,
    resolve: { [`${host}:443`]: `127.0.0.1:${port}` },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
