import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../db/test/database.ts";
import { createJobQueue, type JobQueue, type JobQueueSettings } from "../src/index.ts";
import { type RedisForTests, startRedis } from "./redisServer.ts";

const HOUR_MS = 60 * 60 * 1000;
const ids = () => ({ orgId: randomUUID(), planId: randomUUID() });

describe.each(["postgres", "redis"] as const)("the queue on %s", (kind) => {
  let database: FreshDatabase | null = null;
  let redis: RedisForTests | null = null;
  let settings: JobQueueSettings;
  let jobs: JobQueue;
  const errors: string[] = [];

  beforeAll(async () => {
    if (kind === "postgres") {
      database = await freshDatabase();
      settings = { postgresUrl: database.queueUrl };
    } else {
      redis = await startRedis();
      settings = { redisUrl: redis.url };
    }
    settings.prefix = `test${randomUUID().slice(0, 8)}`;
    settings.onError = (error) => errors.push(error.message);
    jobs = await createJobQueue(settings);
  });
  afterAll(async () => {
    await jobs?.close();
    await database?.close();
    await redis?.stop();
  });

  test("delivers every job once and hands over its ids", async () => {
    const wanted = Array.from({ length: 20 }, ids);
    const got: string[] = [];
    const all = deferred();
    await jobs.work(
      "plan.deliver",
      async ({ planId }) => {
        got.push(planId);
        if (got.length === wanted.length) all.resolve();
      },
      { concurrency: 4 },
    );
    await Promise.all(wanted.map((payload) => jobs.enqueue("plan.deliver", payload)));
    await all.promise;
    expect([...got].sort()).toEqual(wanted.map((payload) => payload.planId).sort());
  });

  test("tries a failed job again, reports the failure and counts it", async () => {
    const payload = { orgId: randomUUID(), commandId: randomUUID() };
    const done = deferred();
    const attempts: number[] = [];
    await jobs.work(
      "command.deliver",
      async (_, job) => {
        attempts.push(job.attempt);
        if (attempts.length === 1) throw new Error("the first try fails");
        done.resolve();
      },
      { concurrency: 1 },
    );
    await jobs.enqueue("command.deliver", payload);
    await done.promise;
    expect(attempts).toEqual([1, 2]);
    expect(errors).toContain("the first try fails");
    expect(jobs.metrics()["command.deliver"].failed).toBe(1);
  });

  test("refuses a payload that carries more than ids", async () => {
    const payload = { ...ids(), yaml: "network_policies: {}" };
    await expect(jobs.enqueue("plan.deliver", payload)).rejects.toThrow(/yaml/);
  });

  test("repeats a scheduled job, and who asks later replaces the schedule", async () => {
    const twice = deferred();
    let runs = 0;
    await jobs.work(
      "sweep",
      async () => {
        if (++runs === 2) twice.resolve();
      },
      { concurrency: 1 },
    );
    await jobs.schedule("sweep", {}, { everyMs: 100 });
    await twice.promise;
    await jobs.schedule("sweep", {}, { everyMs: HOUR_MS });
    const before = runs;
    await delay(2_000);
    // The one that was under way, and the one with which the new schedule begins: beside the former one it were twenty.
    expect(runs - before).toBeLessThanOrEqual(2);
  });
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
