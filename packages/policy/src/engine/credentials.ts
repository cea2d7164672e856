/**
 * What the policy says of secrets: which may go where, and what is done with them there. Invariant: a secret goes only to a host, port
 * and path that `credentials:` names for it, or that an endpoint in force for the asking program binds it to; an endpoint's other
 * credential fields count only where it speaks for the request, as its rules do.
 */
import type { GlobMatcher } from "../glob/types.ts";
import { compileGlob } from "../glob.ts";
import type { Endpoint } from "../model.ts";
import type { PolicyRequest } from "../types.ts";
import type { CompiledPolicy } from "./compiled.ts";
import { callerOf } from "./decide.ts";
import { type CompiledEndpoint, compileHostGlob } from "./endpoint.ts";
import type { Speaking } from "./group.ts";
import { judgeTarget } from "./target.ts";

/** What happens to the secrets of one request. */
export interface CredentialPlan {
  /** Secrets that the speaking endpoints bind by `credential_binding`. */
  bound: readonly string[];
  requestBodies: boolean;
  webSocketText: boolean;
  signing: { mode: "sigv4" | "sigv4:body" | "sigv4:no_body"; service: string; region: string | null } | null;
}

type CredentialRequest = Pick<
  PolicyRequest,
  "binary" | "sha256" | "script" | "library" | "ancestors" | "host" | "port"
>;

const NO_PLAN: CredentialPlan = { bound: [], requestBodies: false, webSocketText: false, signing: null };

/** `host` canonical, `path` the raw request target. */
export function credentialPlan(
  compiled: CompiledPolicy,
  request: CredentialRequest & { path: string },
  nowMs: number,
): CredentialPlan {
  const target = judgeTarget(request.path);
  if (target === null) return NO_PLAN;
  const found: Speaking[] = [];
  for (const group of compiled.hosts.groupsFor(request.host, request.port, callerOf(request)))
    group.selectors.find(target.denyPaths, found);
  let longest = -1;
  let speaking: CompiledEndpoint[] = [];
  for (const { endpoints, specificity } of found) {
    const inForce = endpoints.filter((one) => one.entry.expiresAtMs > nowMs && one.inspected);
    if (inForce.length === 0 || specificity < longest) continue;
    speaking = specificity > longest ? inForce : [...speaking, ...inForce];
    longest = specificity;
  }
  // A spelling that the endpoint covers only in another case denies; it gives no secret away either.
  const exact = speaking.filter(({ exactSelector }) => exactSelector === null || exactSelector(target.path));
  return planOf(exact.sort((a, b) => a.order - b.order).map(({ endpoint }) => endpoint));
}

function planOf(endpoints: readonly Endpoint[]): CredentialPlan {
  const signing = endpoints.find(({ credential_signing }) => credential_signing !== undefined);
  const mode = signing?.credential_signing;
  return {
    bound: endpoints.flatMap(({ credential_binding }) => credential_binding?.provider ?? []),
    requestBodies: endpoints.some((endpoint) => endpoint.request_body_credential_rewrite === true),
    webSocketText: endpoints.some((endpoint) => endpoint.websocket_credential_rewrite === true),
    signing:
      mode === "sigv4" || mode === "sigv4:body" || mode === "sigv4:no_body"
        ? { mode, service: signing?.signing_service ?? "", region: signing?.signing_region ?? null }
        : null,
  };
}

/** Some endpoint in force for this connection takes credentials on traffic that nobody reads. */
export function allowsUninspectedCredentials(
  compiled: CompiledPolicy,
  request: CredentialRequest,
  nowMs: number,
): boolean {
  return compiled.hosts
    .groupsFor(request.host, request.port, callerOf(request))
    .some((group) =>
      group.endpoints.some(
        ({ entry, endpoint }) => entry.expiresAtMs > nowMs && endpoint.allow_uninspected_credentials === true,
      ),
    );
}

interface CompiledTarget {
  host: GlobMatcher;
  ports: ReadonlySet<number>;
  /** Null: every path. */
  path: GlobMatcher | null;
}

const compiledTargets = new WeakMap<CompiledPolicy, Map<string, CompiledTarget[]>>();

function targetsOf(compiled: CompiledPolicy, name: string): readonly CompiledTarget[] {
  let all = compiledTargets.get(compiled);
  if (all === undefined) {
    all = new Map(
      Object.entries(compiled.policy.credentials).map(([key, { endpoints }]) => [
        key,
        endpoints.map(({ host, ports, path }) => ({
          host: host.includes("*") ? compileHostGlob(host) : (text: string) => text === host,
          ports: new Set(ports),
          path: path === undefined ? null : compileGlob(path, { separator: "/" }),
        })),
      ]),
    );
    compiledTargets.set(compiled, all);
  }
  return all.get(name) ?? [];
}

/** Whether `credentials:` binds the secret to this place. Without `path`: to some path of this host and port. */
export function bindsCredential(
  compiled: CompiledPolicy,
  { name, host, port, path }: { name: string; host: string; port: number; path?: string },
): boolean {
  return targetsOf(compiled, name).some(
    (target) =>
      target.ports.has(port) && target.host(host) && (path === undefined || target.path === null || target.path(path)),
  );
}

/** Whether the secret could go to this host and port for some program and path, now or when an entry is in force again. */
export function mayHoldCredential(
  compiled: CompiledPolicy,
  place: { name: string; host: string; port: number },
): boolean {
  if (bindsCredential(compiled, place)) return true;
  return compiled.hosts
    .bucketsFor(place.host, place.port)
    .some((bucket) => bucket.endpoints.some(({ endpoint }) => endpoint.credential_binding?.provider === place.name));
}
