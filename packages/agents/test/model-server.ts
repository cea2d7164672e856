import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createRouter, createScriptedModel } from "@creel/router";
import * as x509 from "@peculiar/x509";

export interface ModelServer {
  baseUrl: string;
  caPem: string;
  /** Requests as they came: method, path, authorization or x-api-key, and the body. */
  requests: { line: string; credential: string; body: string; status: number }[];
  close(): Promise<void>;
}

const DAY_MS = 24 * 3_600_000;

/** The scripted model behind real TLS, by a CA that nobody trusts unless told to. */
export async function startModelServer(): Promise<ModelServer> {
  const { caPem, key, cert } = await certificates();
  const now = () => new Date();
  const router = createRouter({ models: [createScriptedModel({ now })], now });
  const requests: ModelServer["requests"] = [];
  const server = createServer({ key, cert }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { method = "", url = "", headers } = request;
    const answer = await router.handle({ method, path: url, headers, body });
    const credential = String(headers.authorization ?? headers["x-api-key"] ?? headers["x-goog-api-key"] ?? "");
    requests.push({ line: `${method} ${url}`, credential, body: body.toString(), status: answer.status });
    response.writeHead(answer.status, answer.headers);
    if (Buffer.isBuffer(answer.body)) return void response.end(answer.body);
    await pipeline(Readable.from(answer.body), response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the model server has no port");
  return {
    baseUrl: `https://localhost:${address.port}`,
    caPem,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function certificates() {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const make = () => webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const [caKeys, keys] = await Promise.all([make(), make()]);
  const validity = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    serialNumber: "01",
    name: "CN=Creel test CA",
    keys: caKeys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const leaf = await x509.X509CertificateGenerator.create({
    ...validity,
    serialNumber: "02",
    subject: "CN=localhost",
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "localhost" }])],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`;
  return { caPem: `${ca.toString("pem")}\n`, key, cert: leaf.toString("pem") };
}
