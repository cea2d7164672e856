import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { createSecureContext, type SecureContext } from "node:tls";
import {
  UPSTREAM_IDLE_SOCKETS_MAX,
  UPSTREAM_KEEP_ALIVE_MS,
  UPSTREAM_POOLS_MAX,
  UPSTREAM_SOCKETS_PER_POOL_MAX,
} from "../limits.ts";
import { withRoots } from "./authorities.ts";
import { createHttp2Pool, type Http2Pool } from "./http2Pool.ts";

/** Connections to upstreams, kept per sandbox: a login bound to a connection must never serve another sandbox. */
export interface Pools {
  /** `reuse` false: a fresh connection, for requests that cannot be sent twice. */
  agentFor(target: { secure: boolean; host: string; port: number }, reuse: boolean): HttpAgent | HttpsAgent;
  /** For requests that came as HTTP/2. */
  readonly http2: Http2Pool;
  /** Idle connections go; busy ones go when they become idle. Called when policy changed. */
  retire(): void;
}

export { pinnedLookup } from "./lookup.ts";

export function createPools(): Pools {
  const pools = new Map<string, HttpAgent | HttpsAgent>();
  const single = { http: new HttpAgent({ keepAlive: false }), https: new HttpsAgent({ keepAlive: false }) };

  function make(secure: boolean): HttpAgent | HttpsAgent {
    const options = {
      keepAlive: true,
      maxSockets: UPSTREAM_SOCKETS_PER_POOL_MAX,
      maxFreeSockets: UPSTREAM_IDLE_SOCKETS_MAX,
      timeout: UPSTREAM_KEEP_ALIVE_MS,
    };
    return secure ? new HttpsAgent(options) : new HttpAgent(options);
  }

  function retireOne(agent: HttpAgent | HttpsAgent): void {
    agent.maxFreeSockets = 0;
    for (const list of Object.values(agent.freeSockets)) for (const socket of list ?? []) socket.destroy();
  }

  const http2 = createHttp2Pool();
  return {
    http2,
    agentFor({ secure, host, port }, reuse) {
      if (!reuse) return secure ? single.https : single.http;
      const key = `${secure ? "https" : "http"}|${host}|${port}`;
      const known = pools.get(key);
      if (known !== undefined) return known;
      const agent = make(secure);
      pools.set(key, agent);
      const oldest = pools.entries().next().value;
      if (pools.size > UPSTREAM_POOLS_MAX && oldest !== undefined) {
        pools.delete(oldest[0]);
        retireOne(oldest[1]);
      }
      return agent;
    },
    retire() {
      for (const agent of pools.values()) retireOne(agent);
      pools.clear();
      http2.retire();
    },
  };
}

/** Trust for upstream TLS: Node's own roots and what the operator added. Made once; parsing 140 roots takes milliseconds. */
export function upstreamTrust(extra: readonly string[]): SecureContext {
  return createSecureContext({ ca: withRoots(extra) });
}
