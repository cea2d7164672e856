import type { QueueName, QueuePayload } from "./queues.ts";

export interface JobCounters {
  enqueued: number;
  completed: number;
  failed: number;
  /** Payloads that did not parse; such a job fails at once and is never tried again. */
  invalid: number;
  active: number;
  durationMsTotal: number;
}

export interface JobInfo {
  id: string;
  attempt: number;
}

export type Processor<N extends QueueName> = (payload: QueuePayload<N>, job: JobInfo) => Promise<void>;

export interface JobQueue {
  /** `jobId` makes the add idempotent while a job of that id is still known. */
  enqueue<N extends QueueName>(
    name: N,
    payload: QueuePayload<N>,
    options?: { delayMs?: number; jobId?: string },
  ): Promise<void>;
  work<N extends QueueName>(name: N, processor: Processor<N>, options: { concurrency: number }): Promise<void>;
  /** Repeats a job every so often; the same name replaces the earlier schedule, however many processes ask. */
  schedule<N extends QueueName>(name: N, payload: QueuePayload<N>, every: { everyMs: number }): Promise<void>;
  metrics(): Readonly<Record<QueueName, JobCounters>>;
  /** Stops taking jobs, waits for the running ones, closes connections. */
  close(): Promise<void>;
}

export interface JobQueueSettings {
  /** Redis or Valkey 6.2 or newer, `maxmemory-policy noeviction`. Takes precedence over Postgres. */
  redisUrl?: string | undefined;
  /** Any Postgres 14 or newer; the role needs its own schema `bullmq`. */
  postgresUrl?: string | undefined;
  /** Keeps several deployments apart on one server. */
  prefix?: string | undefined;
  onError?: ((error: Error, where: { queue: QueueName | null; jobId: string | null }) => void) | undefined;
}
