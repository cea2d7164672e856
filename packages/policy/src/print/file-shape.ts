/** A policy as the file that says it in the fewest words: what a reader fills in is left out. */
import type { CredentialTarget, Endpoint, Middleware, Policy, PolicyEntry } from "../model.ts";

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

function mapOf<T>(map: Readonly<Record<string, T>>, shape: (value: T, key: string) => unknown): object | undefined {
  const entries = Object.entries(map).map(([key, value]) => [key, shape(value, key)]);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

const portsOf = ({ ports }: CredentialTarget | Endpoint): { port?: number; ports?: number[] } => {
  const [only] = ports;
  return only !== undefined && ports.length === 1 ? { port: only } : { ports };
};

const endpointShape = (endpoint: Endpoint): object => ({
  ...endpoint,
  host: endpoint.host === "" ? undefined : endpoint.host,
  ...portsOf(endpoint),
  ...(endpoint.ports.length === 1 ? { ports: undefined } : {}),
  enforcement: endpoint.enforcement === "enforce" ? undefined : endpoint.enforcement,
});

/** One entry, without its key. */
export const entryShape = (entry: PolicyEntry, key: string): object => ({
  ...entry,
  name: entry.name === key ? undefined : entry.name,
  endpoints: entry.endpoints.length === 0 ? undefined : entry.endpoints.map(endpointShape),
  binaries: entry.binaries.length === 0 ? undefined : entry.binaries,
});

const middlewareShape = (middleware: Middleware, key: string): object => ({
  ...middleware,
  name: middleware.name === key ? undefined : middleware.name,
  order: middleware.order === 0 ? undefined : middleware.order,
  on_error: middleware.on_error === "fail_closed" ? undefined : middleware.on_error,
});

const targetShape = ({ host, path, ...target }: CredentialTarget): object => ({
  host,
  ...portsOf({ host, ...target }),
  path,
});

export function fileShape(policy: Policy): object {
  const { filesystem_policy: filesystem, inference } = policy;
  return {
    ...policy,
    mode: policy.mode === "enforce" ? undefined : policy.mode,
    filesystem_policy:
      filesystem === undefined
        ? undefined
        : {
            include_workdir: filesystem.include_workdir ? true : undefined,
            read_only: filesystem.read_only.length === 0 ? undefined : filesystem.read_only,
            read_write: filesystem.read_write.length === 0 ? undefined : filesystem.read_write,
          },
    network_policies: mapOf(policy.network_policies, entryShape),
    network_middlewares: mapOf(policy.network_middlewares, middlewareShape),
    inference:
      inference === undefined
        ? undefined
        : // An empty section would read like none; the one default is spelled out where nothing else is said.
          { ...inference, enabled: inference.enabled && !isOnlyEnabled(inference) ? undefined : inference.enabled },
    credentials: mapOf(policy.credentials, (credential) => ({ endpoints: credential.endpoints.map(targetShape) })),
    tests: policy.tests.length === 0 ? undefined : policy.tests,
  };
}

const isOnlyEnabled = ({ enabled: _, ...rest }: { enabled: boolean }): boolean =>
  isEmpty(Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)));
