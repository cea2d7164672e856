import { createSecureContext, type SecureContext } from "node:tls";
import { withRoots } from "./authorities.ts";
import { createHttp1Pool, type Http1Pool } from "./http1Pool.ts";
import { createHttp2Pool, type Http2Pool } from "./http2Pool.ts";

/** Connections to upstreams, kept per sandbox: a login bound to a connection must never serve another sandbox. */
export interface Pools {
  readonly http1: Http1Pool;
  /** For requests that came as HTTP/2. */
  readonly http2: Http2Pool;
  /** Idle connections go; busy ones go when they become idle. Called when policy changed. */
  retire(): void;
}

export { pinnedLookup } from "./lookup.ts";

export function createPools(): Pools {
  const http1 = createHttp1Pool();
  const http2 = createHttp2Pool();
  return {
    http1,
    http2,
    retire() {
      http1.retire();
      http2.retire();
    },
  };
}

/** Trust for upstream TLS: Node's own roots and what the operator added. Made once; parsing 140 roots takes milliseconds. */
export function upstreamTrust(extra: readonly string[]): SecureContext {
  return createSecureContext({ ca: withRoots(extra) });
}
