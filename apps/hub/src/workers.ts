import { hostname } from "node:os";
import { type Ctx, change, plan } from "@creel/core";
import type { JobQueue } from "@creel/queue";
import type { Logger } from "pino";
import { SWEEP_INTERVAL_MS } from "./limits.ts";
import type { Registry } from "./node/registry.ts";
import { type NoticeSettings, sendNotice } from "./notices.ts";
import { makeSweep } from "./sweep.ts";

/**
 * The background work. A job is only a nudge with ids: the verb claims by compare-and-set and tells whichever hub holds the node's
 * socket; when that hub is this one, the connection is woken at once.
 */
export async function startWorkers(options: {
  jobs: JobQueue;
  registry: Registry;
  /** Acts for the system in the org the job names. */
  systemCtx: (reason: string) => Ctx;
  notices: NoticeSettings;
  log: Logger;
}): Promise<void> {
  const { jobs, registry, systemCtx } = options;
  const claimant = `${hostname()}:${process.pid}`;

  await jobs.work(
    "plan.deliver",
    async ({ orgId, planId }) => {
      const claimed = await plan.claim({ ctx: systemCtx("hub.plan.deliver"), input: { orgId, planId, claimant } });
      if (claimed) await registry.get(claimed.nodeId)?.syncDesired();
    },
    { concurrency: 4 },
  );
  await jobs.work(
    "command.deliver",
    async ({ orgId }) => {
      await Promise.all(registry.inOrg(orgId).map((connection) => connection.sendCommands()));
    },
    { concurrency: 4 },
  );
  await jobs.work(
    "notice.deliver",
    async (payload) => await sendNotice(systemCtx("hub.notice.deliver"), payload, options.notices),
    { concurrency: 8 },
  );
  await jobs.work(
    "change.settle",
    async (payload) => await change.settleOne({ ctx: systemCtx("hub.change.settle"), input: payload }),
    { concurrency: 2 },
  );
  await jobs.work("sweep", makeSweep({ jobs, systemCtx, log: options.log }), { concurrency: 1 });
  await jobs.schedule("sweep", {}, { everyMs: SWEEP_INTERVAL_MS });
}
