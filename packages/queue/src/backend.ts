import { createPostgresBackend, type Job, type PgPool, Queue, runMigrations, Worker } from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import { JOB_DEFAULTS } from "./limits.ts";
import type { JobQueueSettings } from "./types.ts";

/** What is used of the library's classes, whichever backend they are parametrised with. */
export interface AnyQueue {
  add(name: string, data: unknown, options: { jobId?: string; delay?: number }): Promise<unknown>;
  upsertJobScheduler(id: string, repeat: { every: number }, job: { name: string; data: unknown }): Promise<unknown>;
  close(): Promise<void>;
  on(event: "error", listener: (error: Error) => void): unknown;
}
export interface AnyWorker {
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
  on(event: "error", listener: (error: Error) => void): unknown;
}
export type Run = (job: Job) => Promise<void>;

/** Where the jobs lie. Everything above this file is the same for both. */
export interface Backend {
  queue(name: string): AnyQueue;
  worker(name: string, run: Run, concurrency: number): AnyWorker;
  close(): Promise<void>;
}

/** Each queue and worker keeps one connection to listen on; the rest are for work. */
const POOL_MAX = 20;
/** Five queues with a listener each, on the pool and on its clients. */
const LISTENERS_MAX = 100;
const SCHEMA = "bullmq";

export async function openBackend(settings: JobQueueSettings, onError: (error: Error) => void): Promise<Backend> {
  const prefix = settings.prefix ?? "creel";
  if (settings.redisUrl !== undefined) return openRedis(settings.redisUrl, prefix, onError);
  if (settings.postgresUrl !== undefined) return await openPostgres(settings.postgresUrl, prefix, onError);
  throw new Error("no queue is configured: set DATABASE_QUEUE_URL, or REDIS_URL");
}

async function openPostgres(url: string, prefix: string, onError: (error: Error) => void): Promise<Backend> {
  // A shared pool's schema is not read by the library, so the connection itself says where the tables are.
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_MAX,
    keepAlive: true,
    options: `-c search_path=${SCHEMA}`,
    application_name: "creel-queue",
  });
  pool.setMaxListeners(LISTENERS_MAX);
  pool.on("error", onError);
  pool.on("connect", (client) => client.setMaxListeners(LISTENERS_MAX));
  const client = await pool.connect();
  try {
    await runMigrations(client, SCHEMA);
  } finally {
    client.release();
  }
  const connection = { connection: asLibraryPool(pool), prefix };
  return {
    queue: (name) => new Queue(name, { ...connection, defaultJobOptions: JOB_DEFAULTS }, createPostgresBackend),
    worker: (name, run, concurrency) => new Worker(name, run, { ...connection, concurrency }, createPostgresBackend),
    close: async () => await pool.end(),
  };
}

/** The library declares the driver's pool anew instead of importing its type; this is that very pool. */
const asLibraryPool = (pool: pg.Pool) => pool as unknown as PgPool;

function openRedis(url: string, prefix: string, onError: (error: Error) => void): Backend {
  const open = (): Redis => {
    // Null, as the library demands of connections that block: a command waits for the server to come back.
    const redis = new Redis(url, { maxRetriesPerRequest: null });
    redis.on("error", onError);
    return redis;
  };
  const shared = open();
  const workers: Redis[] = [];
  return {
    queue: (name) => new Queue(name, { connection: shared, prefix, defaultJobOptions: JOB_DEFAULTS }),
    worker: (name, run, concurrency) => {
      const connection = open();
      workers.push(connection);
      return new Worker(name, run, { connection, prefix, concurrency });
    },
    close: async () => {
      for (const redis of [...workers, shared]) redis.disconnect();
    },
  };
}
