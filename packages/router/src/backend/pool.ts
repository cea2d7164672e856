import { type Dispatcher, EnvHttpProxyAgent, Pool } from "undici";
import {
  UPSTREAM_CONNECT_TIMEOUT_MS,
  UPSTREAM_CONNECTIONS_MAX,
  UPSTREAM_HEADERS_TIMEOUT_MS,
  UPSTREAM_IDLE_TIMEOUT_MS,
} from "../limits.ts";

/** As in the variables `HTTPS_PROXY` and `NO_PROXY`. */
export interface ProxySettings {
  https: string;
  none: string;
}

interface PoolOptions {
  origin: string;
  ca: string | undefined;
  proxy: ProxySettings | undefined;
}

/** Connections to one provider. Only https goes through a proxy: what is plain is on this host. */
export function createPool({ origin, ca, proxy }: PoolOptions): Dispatcher {
  const authorities = ca === undefined ? {} : { ca };
  const common = {
    connections: UPSTREAM_CONNECTIONS_MAX,
    headersTimeout: UPSTREAM_HEADERS_TIMEOUT_MS,
    bodyTimeout: UPSTREAM_IDLE_TIMEOUT_MS,
    connect: { timeout: UPSTREAM_CONNECT_TIMEOUT_MS, ...authorities },
  };
  if (!proxy || !origin.startsWith("https:")) return new Pool(origin, common);
  // An empty text keeps undici from looking into this process's own environment.
  return new EnvHttpProxyAgent({
    ...common,
    httpProxy: "",
    httpsProxy: proxy.https,
    noProxy: proxy.none,
    requestTls: authorities,
  });
}
