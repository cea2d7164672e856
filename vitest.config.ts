import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Half of what tests do is to wait (for sandboxes, sockets, Postgres), so two at a time pay on two processors as well. */
const WORKERS_MIN = 2;

/** What a test waits for to become true has the time that a busy machine needs; the default of one second is a timed assertion. */
const POLL_TIMEOUT_MS = 30_000;

/** A test that takes so long hangs. It is no promise about how fast anything is: `npm run bench` measures that. */
const HANGS_MS = 240_000;

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts"],
    testTimeout: HANGS_MS,
    hookTimeout: 2 * HANGS_MS,
    expect: { poll: { timeout: POLL_TIMEOUT_MS } },
    pool: "forks",
    maxWorkers: Math.max(WORKERS_MIN, availableParallelism() - 1),
    globalSetup: ["packages/db/test/postgres.ts"],
    setupFiles: ["scripts/property-seed.ts"],
  },
});
