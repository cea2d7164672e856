/** The authorities that programs inside trust: those of the host, and the sandbox's own, which the gateway signs with. */
import type { SandboxSpec } from "@creel/sandbox";
import { readIfThere } from "../up/home.ts";

export const CA_FILE = "/etc/creel/ca.crt";
export const BUNDLE_FILE = "/etc/creel/ca-bundle.crt";
/** Where distributions keep the authorities that TLS relayed unopened is checked against. */
const SYSTEM_BUNDLES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

export function trustFiles(caPem: string): NonNullable<SandboxSpec["files"]> {
  const bundle = SYSTEM_BUNDLES.map(readIfThere).find((text) => text !== null) ?? "";
  return [
    { path: CA_FILE, content: caPem },
    { path: BUNDLE_FILE, content: `${bundle.trimEnd()}\n${caPem}` },
  ];
}
