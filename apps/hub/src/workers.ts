import { hostname } from "node:os";
import { type Ctx, change, notice, plan, secret } from "@creel/core";
import type { JobQueue } from "@creel/queue";
import type { Logger } from "pino";
import { SWEEP_INTERVAL_MS } from "./limits.ts";
import type { Registry } from "./node/registry.ts";
import { type NoticeSettings, sendNotice } from "./notices.ts";

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
  await jobs.work(
    "sweep",
    async () => {
      const told = await plan.sweep({ ctx: systemCtx("hub.sweep"), input: {} });
      if (told.plans + told.commands > 0) options.log.info(told, "swept what a crash had left");
      const changes = await change.sweep({ ctx: systemCtx("hub.sweep"), input: {} });
      if (changes.settled + changes.planned > 0) options.log.info(changes, "settled changes whose time had come");
      const { ended } = await secret.sweep({ ctx: systemCtx("hub.sweep"), input: {} });
      if (ended > 0) options.log.info({ ended }, "ended replaced versions of secrets");
      // Retries and digests whose time has come, and what a crash lost between commit and queue.
      for (const waiting of await notice.due({ ctx: systemCtx("hub.sweep"), input: {} }))
        await jobs.enqueue("notice.deliver", waiting);
    },
    { concurrency: 1 },
  );
  await jobs.schedule("sweep", {}, { everyMs: SWEEP_INTERVAL_MS });
}
