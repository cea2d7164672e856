import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Half of what tests do is to wait (for sandboxes, sockets, Postgres), so two at a time pay on two processors as well. */
const WORKERS_MIN = 2;

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    pool: "forks",
    maxWorkers: Math.max(WORKERS_MIN, availableParallelism() - 1),
    globalSetup: ["packages/db/test/postgres.ts"],
    setupFiles: ["scripts/property-seed.ts"],
  },
});
