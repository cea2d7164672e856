import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDb, sql, withSystem } from "@creel/db";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Database, startDatabase } from "../src/up/database.ts";
import { type HomePaths, homePaths, makeHome } from "../src/up/home.ts";

let paths: HomePaths;
let database: Database;
const restarts: string[] = [];
beforeAll(async () => {
  paths = homePaths(mkdtempSync(join(tmpdir(), "creel-db-")));
  makeHome(paths);
  database = await startDatabase(paths, null, (how) => void restarts.push(how));
});
afterAll(async () => {
  await database.stop();
  rmSync(paths.home, { recursive: true, force: true });
});

const answers = async (): Promise<boolean> => {
  const db = openDb({ appUrl: database.urls.app, systemUrl: database.urls.system, poolMax: 1 });
  try {
    return await withSystem(db, async (tx) => (await tx.execute(sql`select 1 as one`)).length === 1);
  } finally {
    await db.close();
  }
};
const postmaster = (): number => Number(readFileSync(join(paths.pg, "data/postmaster.pid"), "utf8").split("\n")[0]);

describe("the embedded database under creel up", () => {
  it("answers the roles that own nothing", async () => expect(await answers()).toBe(true));

  it("is back at the same address after kill -9", async () => {
    const before = postmaster();
    process.kill(before, "SIGKILL");
    await vi.waitFor(async () => expect(await answers()).toBe(true), { timeout: 60_000, interval: 250 });
    expect(postmaster()).not.toBe(before);
    expect(restarts[0]).toContain("started again");
  });
});
