import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Half of what tests do is to wait (for sandboxes, sockets, Postgres), so two at a time pay on two processors as well. */
const WORKERS_MIN = 2;

/** What a test waits for to become true has the time that a busy machine needs; the default of one second is a timed assertion. */
const POLL_TIMEOUT_MS = 15_000;

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: POLL_TIMEOUT_MS } },
    pool: "forks",
    maxWorkers: Math.max(WORKERS_MIN, availableParallelism() - 1),
    globalSetup: ["packages/db/test/postgres.ts"],
    setupFiles: ["scripts/property-seed.ts"],
  },
});
