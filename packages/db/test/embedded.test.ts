import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbedded } from "../src/embedded.ts";

const folder = join(mkdtempSync(join(tmpdir(), "creel-embedded-")), "pg");
let server: EmbeddedPostgres | null = null;
const ask = async (text: string): Promise<postgres.Row[]> => {
  const client = postgres(server?.ownerUrl ?? "", { max: 1, prepare: false });
  try {
    return await client.unsafe(text);
  } finally {
    await client.end();
  }
};
afterAll(async () => {
  await server?.stop();
  rmSync(join(folder, ".."), { recursive: true, force: true });
});
const start = async (): Promise<EmbeddedPostgres> => await startEmbedded({ folder, dieWithParent: true });

test("starts over when initdb was interrupted, and only this user can read the password", async () => {
  mkdirSync(join(folder, "data.unfinished-1/data"), { recursive: true });
  writeFileSync(join(folder, "data.unfinished-1/data/PG_VERSION"), "18\n");
  server = await start();
  expect(readdirSync(folder).some((name) => name.startsWith("data.unfinished"))).toBe(false);
  expect(statSync(join(folder, "superuser.password")).mode & 0o777).toBe(0o600);
  await ask("create table kept (n int)");
});

test("listens on loopback alone, and only for who has the password", async () => {
  expect((await ask("show listen_addresses"))[0]?.listen_addresses).toBe("127.0.0.1");
  const wrong = postgres(server?.url({ user: "postgres", password: "wrong" }) ?? "", { max: 1 });
  await expect(wrong`select 1`).rejects.toThrow(/password authentication failed/);
  await wrong.end();
});

test("a second start finds the server that is running already", async () => {
  const again = await start();
  expect([again.adopted, again.pid, again.port]).toEqual([true, server?.pid, server?.port]);
});

test("recovers after kill -9 with everything committed still there", async () => {
  await ask("insert into kept values (1), (2)");
  process.kill(server?.pid ?? 0, "SIGKILL");
  server = await start();
  expect(server.adopted).toBe(false);
  expect((await ask("select count(*)::int as count from kept"))[0]?.count).toBe(2);
});

test("stops, starts with its data, and says which port is taken", async () => {
  await server?.stop();
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const address = taken.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await expect(startEmbedded({ folder, port })).rejects.toThrow(new RegExp(`Port ${port} on 127.0.0.1 is taken`));
  await new Promise<void>((resolve) => taken.close(() => resolve()));
  server = await start();
  expect((await ask("select count(*)::int as count from kept"))[0]?.count).toBe(2);
});
