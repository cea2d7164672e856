import type { Policy } from "@creel/policy";

/** Where a policy lets a secret of this name go, as its file says: for pages, and to keep values off nodes that have no use for them. */
export interface SecretPlace {
  host: string;
  ports: readonly number[];
  /** Every path when absent. */
  path?: string | undefined;
}

/** An AWS account is bound by its key's name; the other two go along. */
const COMPANION = /AWS_(SECRET_ACCESS_KEY|SESSION_TOKEN)$/;

export function placesOf(name: string, policy: Policy | null): SecretPlace[] {
  if (policy === null) return [];
  const named = policy.credentials[name]?.endpoints ?? [];
  const endpoints = Object.values(policy.network_policies).flatMap((entry) => entry.endpoints);
  const bound = endpoints.flatMap(({ host, ports, path, credential_binding }) =>
    credential_binding?.provider === name && host !== undefined ? [{ host, ports, path }] : [],
  );
  const own = [...named, ...bound].map(({ host, ports, path }) => ({
    host,
    ports,
    ...(path === undefined ? {} : { path }),
  }));
  return COMPANION.test(name) ? [...own, ...placesOf(name.replace(COMPANION, "AWS_ACCESS_KEY_ID"), policy)] : own;
}
