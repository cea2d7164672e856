/** Which secrets the requests of a change can carry: what `credentials:` binds to the same place, and what its endpoints add. */
import type { Policy } from "../model.ts";
import type { BareChange } from "./requests.ts";
import { hostMatcher } from "./sides.ts";
import type { TextSet } from "./types.ts";

/** Where a secret may go, and what to call it. */
export interface CredentialPlace {
  host: string;
  ports: readonly number[];
  path: string | undefined;
  name: string;
}

export function credentialsInReach(change: BareChange, places: readonly CredentialPlace[]): string[] {
  const found = new Set<string>();
  for (const { host, ports, path, name } of places)
    if (
      !found.has(name) &&
      change.ports.some((port) => ports.includes(port)) &&
      change.hosts.some(({ match }) => mayMeet(match, host)) &&
      (path === undefined || pathsMeet(change.paths, path))
    )
      found.add(name);
  return [...found].sort();
}

/** Of one policy, for all its changes. */
export function credentialPlaces(policy: Policy): CredentialPlace[] {
  const found: CredentialPlace[] = [];
  for (const [name, { endpoints }] of Object.entries(policy.credentials))
    for (const { host, ports, path } of endpoints) found.push({ host, ports, path, name: `\`${name}\`` });
  for (const [key, entry] of Object.entries(policy.network_policies))
    for (const endpoint of entry.endpoints) {
      const uses =
        endpoint.credential_binding?.provider ??
        (endpoint.credential_signing !== undefined ? `${endpoint.credential_signing} signing` : undefined) ??
        (endpoint.request_body_credential_rewrite === true || endpoint.websocket_credential_rewrite === true
          ? "credential rewriting"
          : undefined);
      if (uses === undefined) continue;
      const { host, ports, path } = endpoint;
      found.push({ host, ports, path, name: `${uses} of entry \`${key}\`` });
    }
  return found;
}

/** Could one name match both? Yes too often rather than too rarely. */
function mayMeet(a: string, b: string): boolean {
  if (a === b || a === "" || b === "" || a === "**") return true;
  const plainEnd = (glob: string) => glob.slice(glob.lastIndexOf("*") + 1);
  if (a.includes("*") && b.includes("*")) return plainEnd(a).endsWith(plainEnd(b)) || plainEnd(b).endsWith(plainEnd(a));
  return a.includes("*") ? hostMatcher(a)(b) : b.includes("*") && hostMatcher(b)(a);
}

/** Patterns whose plain beginnings contradict one another have no path in common. */
function pathsMeet(paths: readonly TextSet[] | null, target: string): boolean {
  const plainStart = (pattern: string) => (/^[^*?[]*/.exec(pattern)?.[0] ?? "").toLowerCase();
  const own = plainStart(target);
  return (
    paths === null || paths.some(({ match }) => plainStart(match).startsWith(own) || own.startsWith(plainStart(match)))
  );
}
