import { constants, randomUUID } from "node:crypto";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type Actor, type Ctx, node } from "@creel/core";
import type { Logger } from "pino";
import { createEnrollRoute } from "./http/enroll.ts";
import { createRoutes } from "./http/routes.ts";
import { HEADERS_MS_MAX, RECHECK_INTERVAL_MS, REQUEST_MS_MAX, SHUTDOWN_MS_MAX } from "./limits.ts";
import type { Metrics } from "./metrics.ts";
import { openConnection } from "./node/connection.ts";
import { createRegistry, type Registry } from "./node/registry.ts";
import { createUpgrade } from "./node/upgrade.ts";
import type { HubTls } from "./tls.ts";

export type CtxFor = <A extends Actor>(actor: A, source: string) => Ctx<A>;

export interface HubServer {
  readonly registry: Registry;
  listen(at: { host: string; port: number }): Promise<AddressInfo>;
  /** Lets every connection finish what it took, then closes all. */
  close(): Promise<void>;
}

/** The HTTPS server nodes talk to: enrolment for those who have no certificate yet, the WebSocket for those who do. */
export function createHubServer(options: {
  tls: HubTls;
  hubUrl: () => string;
  ctxFor: CtxFor;
  log: Logger;
  metrics: Metrics;
  now: () => number;
}): HubServer {
  const { log, metrics, ctxFor, now } = options;
  const registry = createRegistry();
  let closing = false;
  const hubCtx = (source: string) => ctxFor({ kind: "system", reason: "hub" }, source);
  const authenticate = (certificatePem: string) => node.authenticate({ ctx: hubCtx("hub"), input: { certificatePem } });

  const enroll = createEnrollRoute({ hubUrl: options.hubUrl, systemCtx: hubCtx, log, metrics, now });
  const server = createServer(
    {
      ...options.tls.options,
      minVersion: "TLSv1.3",
      // Every node's certificate is of its org's own CA, which TLS does not know: `upgrade.ts` asks the database instead.
      requestCert: true,
      rejectUnauthorized: false,
      // A resumed session does not show the certificate again; without tickets every handshake proves the key anew.
      secureOptions: constants.SSL_OP_NO_TICKET,
      headersTimeout: HEADERS_MS_MAX,
      requestTimeout: REQUEST_MS_MAX,
    },
    createRoutes({ enroll, healthy: () => !closing, metrics, log }),
  );
  const upgrade = createUpgrade({
    authenticate,
    log,
    metrics,
    now,
    onAdmitted({ socket, actor, certificatePem }) {
      if (closing) return socket.terminate();
      openConnection({
        socket,
        actor,
        ctx: ctxFor(actor, "node"),
        stillTrusted: async () => (await authenticate(certificatePem)) !== null,
        log: log.child({ nodeId: actor.nodeId, connection: randomUUID().slice(0, 8) }),
        metrics,
        onReady: registry.add,
        onClosed: registry.remove,
      });
    },
  });
  server.on("upgrade", (request, socket, head) => void upgrade(request, socket, head));
  server.on("tlsClientError", () => metrics.count("creel_hub_tls_errors_total"));
  metrics.gauge("creel_hub_nodes_connected", () => registry.all().length);

  const recheck = setInterval(() => {
    for (const connection of registry.all())
      connection
        .recheck()
        .catch((error: unknown) => log.warn({ err: error }, "a certificate could not be checked again"));
  }, RECHECK_INTERVAL_MS);
  recheck.unref();

  return {
    registry,
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, () => {
          server.off("error", reject);
          const address = server.address();
          if (address && typeof address === "object") resolve(address);
        });
      }),
    async close() {
      closing = true;
      clearInterval(recheck);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const force = setTimeout(() => server.closeAllConnections(), SHUTDOWN_MS_MAX);
      await Promise.all(registry.all().map((connection) => connection.goAway()));
      server.closeIdleConnections();
      await closed;
      clearTimeout(force);
    },
  };
}
