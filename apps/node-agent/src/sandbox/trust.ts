import { readFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import { createSandboxCa } from "@creel/gateway";
import { readIfThere, writeAtomic } from "../files.ts";
import type { SandboxPaths } from "../paths.ts";

/** Where the two files of authorities appear inside every sandbox. */
export const CA_FILE = "/etc/creel/ca.crt";
export const BUNDLE_FILE = "/etc/creel/ca-bundle.crt";

const HOST_BUNDLES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/** The sandbox's own CA: made once, its key for the gateway's eyes alone. */
export async function sandboxCa(paths: SandboxPaths, name: string): Promise<string> {
  const known = await readIfThere(paths.caCert);
  if (known !== null && (await readIfThere(paths.caKey)) !== null) return known;
  const { certificatePem, keyPem } = await createSandboxCa({ name });
  // The key first: a certificate on disk says that its key is there too.
  await writeAtomic(paths.caKey, keyPem);
  await writeAtomic(paths.caCert, certificatePem);
  return certificatePem;
}

/** The host's authorities and the sandbox's own, for programs that read one bundle. */
export async function trustBundle(caPem: string): Promise<string> {
  for (const path of HOST_BUNDLES) {
    const text = await readFile(path, "utf8").catch(() => "");
    if (text.includes("BEGIN CERTIFICATE")) return `${text.trimEnd()}\n${caPem}`;
  }
  return `${rootCertificates.join("\n")}\n${caPem}`;
}
