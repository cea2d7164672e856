import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startEmbedded } from "../src/embedded.ts";
import { migrate, provisionRoles } from "../src/index.ts";

/**
 * One real Postgres for a whole test run: vitest's global setup starts it and makes a migrated template; each suite takes
 * its own copy with `freshDatabase()` from `./database.ts`.
 */
export interface PostgresForTests {
  ownerUrl: string;
  template: string;
  passwords: { app: string; system: string; queue: string };
}

declare module "vitest" {
  export interface ProvidedContext {
    postgres: PostgresForTests;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "creel-test-pg-"));
  const template = "creel_template";
  const secret = (): string => randomBytes(24).toString("base64url");
  const passwords = { app: secret(), system: secret(), queue: secret() };
  const server = await startEmbedded({
    folder,
    database: template,
    dieWithParent: true,
    // Nothing here outlives the run, so nothing need be on disk.
    settings: { fsync: "off", full_page_writes: "off", synchronous_commit: "off", max_connections: "300" },
  });
  await provisionRoles(server.ownerUrl, passwords);
  await migrate(server.ownerUrl);
  project.provide("postgres", { ownerUrl: server.ownerUrl, template, passwords });
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
