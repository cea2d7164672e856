import { createHash, X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Deployment } from "@creel/core";

/**
 * What a join address must say: where the hub is and which authority a new node shall pin. Without the authority's
 * certificate no address is made, rather than one that a stranger's hub could answer.
 */
export const readDeployment = (settings: {
  hubUrl: string | undefined;
  tlsDirectory: string;
}): Deployment | undefined => {
  const file = path.join(settings.tlsDirectory, "ca.pem");
  if (settings.hubUrl === undefined || !existsSync(file)) return undefined;
  const certificate = new X509Certificate(readFileSync(file));
  return { hubUrl: settings.hubUrl, caPin: `sha256:${createHash("sha256").update(certificate.raw).digest("hex")}` };
};
