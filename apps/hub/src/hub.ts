import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { createSealer } from "@creel/core";
import { listenEvents, openDb } from "@creel/db";
import type { JobQueue } from "@creel/queue";
import type { Logger } from "pino";
import { createDelivery } from "./delivery.ts";
import type { HubEnv } from "./env.ts";
import { createMetrics } from "./metrics.ts";
import { noticeSettings } from "./notices.ts";
import { type CtxFor, createHubServer } from "./server.ts";
import { loadTls } from "./tls.ts";
import { startWorkers } from "./workers.ts";

export interface Hub {
  address: AddressInfo;
  close(): Promise<void>;
}

/** Puts a hub together: database, queue, events, workers, and the server nodes talk to. */
export async function startHub(env: HubEnv, jobs: JobQueue, log: Logger): Promise<Hub> {
  const tls = loadTls(env.CREEL_TLS_DIR);
  const seal = createSealer(env.CREEL_MASTER_KEY_FILE);
  const db = openDb({ appUrl: env.DATABASE_APP_URL, systemUrl: env.DATABASE_SYSTEM_URL });
  const clock = () => new Date();
  const ctxFor: CtxFor = (actor, source) => ({ actor, db, clock, jobs, seal, requestId: randomUUID(), source });
  const metrics = createMetrics();
  let hubUrl = env.CREEL_HUB_URL;
  const server = createHubServer({ tls, hubUrl: () => hubUrl, ctxFor, log, metrics, now: Date.now });
  const deliver = createDelivery({ registry: server.registry, jobs, log });
  const events = await listenEvents(env.DATABASE_SYSTEM_URL, deliver);
  await startWorkers({
    jobs,
    registry: server.registry,
    systemCtx: (reason) => ctxFor({ kind: "system", reason }, "hub"),
    notices: noticeSettings(env),
    log,
  });
  const address = await server.listen({ host: env.CREEL_HUB_HOST, port: env.CREEL_HUB_PORT });
  // Port 0 asks for any free one, and nodes must be told which it became.
  if (env.CREEL_HUB_PORT === 0) hubUrl = `https://${env.CREEL_HUB_HOST}:${address.port}`;
  log.info({ address, hubUrl, caPin: tls.caPin }, "hub ready");
  return {
    address,
    async close() {
      // No new work first; then let what was taken end; the database last.
      await events.close();
      await server.close();
      await jobs.close();
      await db.close();
    },
  };
}
