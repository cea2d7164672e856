import { randomBytes } from "node:crypto";
import type { CredentialBinding } from "@creel/gateway";
import type { parsePolicy } from "@creel/policy";

type Policy = NonNullable<ReturnType<typeof parsePolicy>["policy"]>;

/** Long enough that no text holds it by chance: the gateway looks for it in every request. */
const PLACEHOLDER_BYTES = 16;

export interface Credentials {
  /** What the command sees. */
  env: Record<string, string>;
  bindings: CredentialBinding[];
  /** Secrets that no endpoint of the policy is bound to. */
  unbound: string[];
}

/** Gives each secret a placeholder, and binds it to the endpoints that the policy's `credentials:` section names. */
export function bindSecrets(secrets: readonly (readonly [string, string])[], policy: Policy): Credentials {
  const result: Credentials = { env: {}, bindings: [], unbound: [] };
  for (const [name, value] of secrets) {
    const placeholder = `creel-placeholder-${name}-${randomBytes(PLACEHOLDER_BYTES).toString("hex")}`;
    result.env[name] = placeholder;
    const endpoints = policy.credentials[name]?.endpoints ?? [];
    if (endpoints.length === 0) {
      result.unbound.push(name);
      // Known to the gateway all the same, so that a request that carries it is refused instead of sent on as nonsense.
      result.bindings.push({ placeholder, value: () => value, host: "unbound.invalid", port: 443 });
    }
    for (const { host, ports, path } of endpoints) {
      for (const port of ports) {
        result.bindings.push({ placeholder, value: () => value, host, port, ...(path === undefined ? {} : { path }) });
      }
    }
  }
  return result;
}
