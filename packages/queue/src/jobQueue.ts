import { type Job, UnrecoverableError } from "bullmq";
import { type AnyQueue, type AnyWorker, openBackend } from "./backend.ts";
import { type QueueName, queueNames, queuePayloads } from "./queues.ts";
import type { JobCounters, JobQueue, JobQueueSettings, Processor } from "./types.ts";

const zero = (): JobCounters => ({ enqueued: 0, completed: 0, failed: 0, invalid: 0, active: 0, durationMsTotal: 0 });

/** Opens the queue on Redis when there is one, else on Postgres. Rejects when it cannot be reached. */
export async function createJobQueue(settings: JobQueueSettings): Promise<JobQueue> {
  const report = (error: unknown, queue: QueueName | null, jobId: string | null): void =>
    settings.onError?.(error instanceof Error ? error : new Error(String(error)), { queue, jobId });
  const backend = await openBackend(settings, (error) => report(error, null, null));
  const counters = countersOfAll();
  const queues = new Map<QueueName, AnyQueue>();
  const workers: AnyWorker[] = [];

  const queueOf = (name: QueueName): AnyQueue => {
    const known = queues.get(name);
    if (known !== undefined) return known;
    const made = backend.queue(name);
    made.on("error", (error) => report(error, name, null));
    queues.set(name, made);
    return made;
  };

  /** The one wrapper around every processor: counts, times, parses, reports. */
  const wrap =
    <N extends QueueName>(name: N, processor: Processor<N>) =>
    async (job: Job): Promise<void> => {
      const count = counters[name];
      const jobId = job.id ?? null;
      const payload = queuePayloads[name].safeParse(job.data);
      if (!payload.success) {
        count.invalid++;
        const error = new UnrecoverableError(`a job of ${name} does not parse: ${payload.error.message}`);
        report(error, name, jobId);
        throw error;
      }
      const startedMs = performance.now();
      count.active++;
      try {
        await processor(parsed<N>(payload.data), { id: jobId ?? "", attempt: job.attemptsMade + 1 });
        count.completed++;
      } catch (error) {
        count.failed++;
        report(error, name, jobId);
        throw error;
      } finally {
        count.active--;
        count.durationMsTotal += performance.now() - startedMs;
      }
    };

  return {
    enqueue: async (name, payload, options = {}) => {
      const { jobId, delayMs } = options;
      await queueOf(name).add(name, queuePayloads[name].parse(payload), {
        ...(jobId === undefined ? {} : { jobId }),
        ...(delayMs === undefined ? {} : { delay: delayMs }),
      });
      counters[name].enqueued++;
    },
    work: async (name, processor, { concurrency }) => {
      const worker = backend.worker(name, wrap(name, processor), concurrency);
      worker.on("error", (error) => report(error, name, null));
      workers.push(worker);
      await worker.waitUntilReady();
    },
    schedule: async (name, payload, { everyMs }) => {
      const data = queuePayloads[name].parse(payload);
      await queueOf(name).upsertJobScheduler(`every-${name}`, { every: everyMs }, { name, data });
    },
    metrics: () => counters,
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close()));
      await Promise.all([...queues.values()].map((queue) => queue.close()));
      await backend.close();
    },
  };
}

function countersOfAll(): Record<QueueName, JobCounters> {
  const all: Partial<Record<QueueName, JobCounters>> = {};
  for (const name of queueNames) all[name] = zero();
  return complete(all);
}

/** Every queue name has been set by the loop above it. */
const complete = (all: Partial<Record<QueueName, JobCounters>>) => all as Record<QueueName, JobCounters>;
/** The schema that parsed it is the one of this very name. */
const parsed = <N extends QueueName>(payload: unknown) => payload as Parameters<Processor<N>>[0];
