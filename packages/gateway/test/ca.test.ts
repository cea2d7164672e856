import "reflect-metadata";
import { X509Certificate } from "node:crypto";
import { connect, createServer } from "node:tls";
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509Certificate as Parsed,
  SubjectKeyIdentifierExtension,
} from "@peculiar/x509";
import { expect, test } from "vitest";
import { createSandboxCa } from "../src/ca/createCa.ts";
import { element, integer, objectId, time } from "../src/ca/der.ts";
import { createLeaves } from "../src/ca/leaves.ts";

/** One signature in 128 has a half that begins with a zero; each half is checked in both of its forms. */
const MADE = 300;
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const now = (): number => NOW;

test("the authority of a sandbox is one that signs itself, for servers alone, whatever its numbers are", async () => {
  const serials = new Set<string>();
  for (let i = 0; i < MADE; i++) {
    const { certificatePem, keyPem } = await createSandboxCa({ name: "box", now });
    const certificate = new X509Certificate(certificatePem);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkIssued(certificate)).toBe(true);
    expect(keyPem).toContain("BEGIN PRIVATE KEY");
    serials.add(certificate.serialNumber);
  }
  expect(serials.size).toBe(MADE);
});

test("a reader of certificates that is not ours finds in it what was meant", async () => {
  const { certificatePem } = await createSandboxCa({ name: `ä${"x".repeat(200)}`, now });
  const parsed = new Parsed(certificatePem);
  expect(parsed.subject).toMatch(/^O=Creel, CN=Creel sandbox äx{49}$/);
  expect(parsed.issuer).toBe(parsed.subject);
  expect(parsed.notBefore).toEqual(new Date(NOW - 24 * 3600 * 1000));
  expect(parsed.notAfter).toEqual(new Date(NOW + 5 * 365 * 24 * 3600 * 1000));
  expect(parsed.getExtension(BasicConstraintsExtension)).toMatchObject({ ca: true, pathLength: 0, critical: true });
  const usages = KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign;
  expect(parsed.getExtension(KeyUsagesExtension)).toMatchObject({ usages, critical: true });
  const { keyId } = await SubjectKeyIdentifierExtension.create(await parsed.publicKey.export());
  expect(parsed.getExtension(SubjectKeyIdentifierExtension)).toMatchObject({ keyId, critical: false });
});

test("a host's certificate names its authority byte for byte, as clients that compare bytes want, and TLS takes it", async () => {
  const ca = await createSandboxCa({ name: "box" });
  const context = await createLeaves({ ca, now: Date.now }).contextFor("api.creel.example");
  const server = createServer({ SNICallback: (_name, done) => done(null, context) }, (socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const leaf = await new Promise<Buffer>((resolve, reject) => {
    const options = { port, host: "127.0.0.1", servername: "api.creel.example", ca: ca.certificatePem };
    const socket = connect(options, () => {
      resolve(socket.getPeerCertificate(true).raw);
      socket.end();
    }).once("error", reject);
  });
  await new Promise((resolve) => server.close(resolve));
  const issuer = new Parsed(leaf).issuerName.toArrayBuffer();
  expect(Buffer.from(issuer)).toEqual(Buffer.from(new Parsed(ca.certificatePem).subjectName.toArrayBuffer()));
  expect(leaf.includes(Buffer.from(issuer))).toBe(true);
});

test("lengths, numbers and times change their form where the standard says", () => {
  const head = (length: number): string => element(0x04, Buffer.alloc(length)).subarray(0, 4).toString("hex");
  expect([127, 128, 255, 256].map(head)).toEqual(["047f0000", "04818000", "0481ff00", "04820100"]);
  expect(integer(Buffer.of(0x7f)).toString("hex")).toBe("02017f");
  expect(integer(Buffer.of(0x80)).toString("hex")).toBe("02020080");
  expect(objectId("1.2.840.10045.4.3.2").toString("hex")).toBe("06082a8648ce3d040302");
  expect(time(Date.UTC(2049, 11, 31, 23, 59, 59)).toString("latin1")).toBe("\x17\x0d491231235959Z");
  expect(time(Date.UTC(2050, 0, 1)).toString("latin1")).toBe("\x18\x0f20500101000000Z");
});
