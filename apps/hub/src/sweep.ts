import { type Ctx, change, inbox, notice, plan, secret } from "@creel/core";
import type { JobQueue } from "@creel/queue";
import type { Logger } from "pino";

interface Options {
  jobs: Pick<JobQueue, "enqueue">;
  systemCtx: (reason: string) => Ctx;
  log: Pick<Logger, "info" | "error">;
}

/** All that time brings about. What one part cannot do holds up no other. */
export function makeSweep({ jobs, systemCtx, log }: Options): () => Promise<void> {
  const ctx = (): Ctx => systemCtx("hub.sweep");
  let after: Awaited<ReturnType<typeof change.sweep>>["next"] | undefined;

  const plans = async (): Promise<void> => {
    const told = await plan.sweep({ ctx: ctx(), input: {} });
    if (told.plans + told.commands > 0) log.info(told, "swept what a crash had left");
  };
  const changes = async (): Promise<void> => {
    const { next, failed, ...told } = await change.sweep({ ctx: ctx(), input: { after } });
    after = next;
    if (told.settled + told.planned + told.ended + told.reminded > 0)
      log.info(told, "settled changes whose time had come");
    for (const { of, error } of failed) log.error({ ...of, err: error }, "a change could not be settled");
  };
  const secrets = async (): Promise<void> => {
    const { ended } = await secret.sweep({ ctx: ctx(), input: {} });
    if (ended > 0) log.info({ ended }, "ended replaced versions of secrets");
  };
  const counts = async (): Promise<void> => {
    const { forgotten } = await inbox.sweep({ ctx: ctx(), input: {} });
    if (forgotten > 0) log.info({ forgotten }, "forgot what was denied longer ago than the inbox looks back");
  };
  /** Retries and digests whose time has come, and what a crash lost between commit and queue. */
  const notices = async (): Promise<void> => {
    for (const waiting of await notice.due({ ctx: ctx(), input: {} })) await jobs.enqueue("notice.deliver", waiting);
  };
  return async () => await byThemselves([plans, changes, secrets, counts, notices]);
}

/** Runs every part, one after the other, and only then throws what failed. */
export async function byThemselves(parts: readonly (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const part of parts) await part().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw new AggregateError(errors, `${errors.length} parts of the sweep failed`);
}
