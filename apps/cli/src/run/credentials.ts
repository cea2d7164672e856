import { randomBytes } from "node:crypto";
import type { CredentialSource, SandboxCredential } from "@creel/gateway";
import { commandSource, fileSource, fixedSource, formPoster, hostAuthorities, oauthSource } from "@creel/gateway/ahead";
import type { parsePolicy } from "@creel/policy";
import type { Secret, SecretOrigin } from "./secret.ts";

type Policy = NonNullable<ReturnType<typeof parsePolicy>["policy"]>;

/** Long enough that no text holds it by chance: the gateway looks for it in every request. */
const PLACEHOLDER_BYTES = 16;
/** A command that does not say when its value ends is asked again after this long; tokens of an hour are the shortest in use. */
const COMMAND_LIFETIME_MS = 15 * 60_000;

export interface Credentials {
  /** What the command sees. */
  env: Record<string, string>;
  bindings: SandboxCredential[];
  /** Secrets that no endpoint of the policy is bound to. */
  unbound: string[];
}

export interface SecretWorld {
  env: Readonly<Record<string, string | undefined>>;
  now?: () => number;
  onProblem?: (problem: string) => void;
}

/** Gives each secret a placeholder; where it may go, the policy's `credentials:` and `credential_binding` say to the gateway. */
export function bindSecrets(secrets: readonly Secret[], policy: Policy, world: SecretWorld = { env: {} }): Credentials {
  const result: Credentials = { env: {}, bindings: [], unbound: [] };
  for (const { name, origin } of secrets) {
    const placeholder = `creel-placeholder-${name}-${randomBytes(PLACEHOLDER_BYTES).toString("hex")}`;
    result.env[name] = placeholder;
    result.bindings.push({ name, placeholder, source: sourceOf(name, origin, world) });
    // A request that carries it is refused all the same, instead of sent on as nonsense.
    if (!isBound(name, policy)) result.unbound.push(name);
  }
  return result;
}

/** An AWS account is bound by its key's name; the other two go along. */
const COMPANION = /AWS_(SECRET_ACCESS_KEY|SESSION_TOKEN)$/;

function isBound(name: string, policy: Policy): boolean {
  const named = (policy.credentials[name]?.endpoints ?? []).length > 0;
  const endpoints = Object.values(policy.network_policies).flatMap((entry) => entry.endpoints);
  if (named || endpoints.some(({ credential_binding }) => credential_binding?.provider === name)) return true;
  return COMPANION.test(name) && isBound(name.replace(COMPANION, "AWS_ACCESS_KEY_ID"), policy);
}

function sourceOf(
  name: string,
  origin: SecretOrigin,
  { env, now = Date.now, onProblem }: SecretWorld,
): CredentialSource {
  const common = { name, now, ...(onProblem === undefined ? {} : { onProblem }) };
  if (origin.from === "value") return fixedSource(origin.value);
  if (origin.from === "file") return fileSource({ ...common, path: origin.path });
  if (origin.from === "command")
    return commandSource({ ...common, argv: origin.argv, env, lifetimeMs: COMMAND_LIFETIME_MS });
  return oauthSource({ ...common, grant: origin.grant, post: formPoster(hostAuthorities(env)) });
}
