/**
 * Turns the sealed credentials of plans into what the gateway uses. Threat: a plan that changes nothing of a credential makes its value be
 * fetched, opened or forgotten anew, and with it what answers are searched for. Invariant: the same version of the same secret under
 * the same name is the same object for as long as it is named; whatever else comes is opened here, for this node and this plan.
 */
import { readFile } from "node:fs/promises";
import { type SandboxCredential, sealedSource } from "@creel/gateway";
import type { DesiredCredential } from "@creel/protocol";
import { credentialIdentity } from "./credential-identity.ts";

export interface OpenedCredentials {
  /** What a sandbox may use; the same array as before where nothing changed. */
  of(sandbox: {
    id: string;
    generation: number;
    credentials: readonly DesiredCredential[];
  }): readonly SandboxCredential[];
  forget(sandboxId: string): void;
}

interface Opened {
  whole: string;
  all: readonly SandboxCredential[];
  each: ReadonlyMap<string, SandboxCredential>;
}

export async function openCredentials(options: {
  keyFile: string;
  nodeId: string;
  onProblem: (problem: string) => void;
}): Promise<OpenedCredentials> {
  const { nodeId, onProblem } = options;
  const privatePem = await readFile(options.keyFile, "utf8").catch(() => null);
  const opened = new Map<string, Opened>();

  return {
    of({ id, generation, credentials }) {
      const before = opened.get(id);
      const whole = credentialIdentity(credentials);
      if (before?.whole === whole) return before.all;
      const each = new Map<string, SandboxCredential>();
      for (const credential of credentials) {
        const { name, placeholder, secretId, version, sealed = null, former = [] } = credential;
        const identity = credentialIdentity([credential]);
        const place = { nodeId, generation, sandboxId: id, secretId, name, version };
        const known = before?.each.get(identity);
        each.set(
          identity,
          known ?? { name, placeholder, source: sealedSource(privatePem, { place, sealed, former }, onProblem) },
        );
      }
      const all = [...each.values()];
      opened.set(id, { whole, all, each });
      return all;
    },
    forget: (sandboxId) => void opened.delete(sandboxId),
  };
}
