import { createJobQueue } from "@creel/queue";
import { pino } from "pino";
import { readEnv } from "./env.ts";
import { startHub } from "./hub.ts";

async function main(): Promise<void> {
  const env = readEnv();
  const log = pino({ level: env.CREEL_LOG_LEVEL, base: { program: "hub" } });
  const jobs = await createJobQueue({
    redisUrl: env.REDIS_URL,
    postgresUrl: env.DATABASE_QUEUE_URL,
    onError: (error, where) => log.error({ err: error, ...where }, "the queue reports an error"),
  });
  const hub = await startHub(env, jobs, log);
  const stop = (signal: string) => {
    log.info({ signal }, "stopping");
    hub.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, "the hub did not stop cleanly");
        process.exit(1);
      },
    );
  };
  process.once("SIGTERM", () => stop("SIGTERM"));
  process.once("SIGINT", () => stop("SIGINT"));
}

main().catch((error: unknown) => {
  process.stderr.write(`creel hub: ${error instanceof Error ? error.message : "cannot start"}\n`);
  process.exit(1);
});
