/** Endpoints by host and port, so that a large file is compared with itself in near linear time. */
import { hostGlobMatches } from "../explain/near.ts";
import type { Endpoint, Policy, PolicyEntry } from "../model.ts";

/** An endpoint of the file and where it stands. */
export interface Ref {
  key: string;
  index: number;
  entry: PolicyEntry;
  endpoint: Endpoint;
}

/** Neighbours looked at for one endpoint; a host with more of them is found out by the first ones. */
const NEIGHBOURS_MAX = 48;

export class EndpointIndex {
  readonly all: Ref[] = [];
  private readonly exact = new Map<string, Ref[]>();
  private readonly globs = new Map<string, Ref[]>();
  private readonly byHost = new Map<string, Ref[]>();

  constructor(policy: Policy) {
    for (const [key, entry] of Object.entries(policy.network_policies))
      for (const [index, endpoint] of entry.endpoints.entries()) {
        const ref: Ref = { key, index, entry, endpoint };
        this.all.push(ref);
        if (endpoint.host === "") continue;
        push(this.byHost, endpoint.host, ref);
        const glob = endpoint.host.includes("*");
        for (const port of endpoint.ports)
          push(glob ? this.globs : this.exact, `${glob ? suffixOf(endpoint.host) : endpoint.host}:${port}`, ref);
      }
  }

  /** Endpoints that name this very host text, on whichever port. */
  ofHost(host: string): readonly Ref[] {
    return (this.byHost.get(host) ?? []).slice(0, NEIGHBOURS_MAX);
  }

  /** Endpoints that apply to a host and port, by name or by pattern; a pattern applies to itself. */
  applying(host: string, port: number): Ref[] {
    const found = [...(this.exact.get(`${host}:${port}`) ?? []).slice(0, NEIGHBOURS_MAX)];
    for (let dot = host.indexOf("."); dot !== -1 && found.length < NEIGHBOURS_MAX; dot = host.indexOf(".", dot + 1))
      for (const ref of this.globs.get(`${host.slice(dot + 1)}:${port}`) ?? []) {
        if (found.length >= NEIGHBOURS_MAX) break;
        if (ref.endpoint.host === host || hostGlobMatches(ref.endpoint.host, host)) found.push(ref);
      }
    return found;
  }
}

/** The plain labels behind the last wildcard. */
export function suffixOf(host: string): string {
  const labels = host.split(".");
  return labels.slice(labels.findLastIndex((label) => label.includes("*")) + 1).join(".");
}

function push(map: Map<string, Ref[]>, key: string, ref: Ref): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [ref]);
  else list.push(ref);
}
