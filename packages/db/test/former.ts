import { randomBytes } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { inject } from "vitest";
import { findMigrations } from "../src/folder.ts";
import { migrate } from "../src/index.ts";
import type {} from "./postgres.ts";

/** A database as a former version left it. */
export interface FormerInstallation {
  /** By whom row security does not hold. */
  rows: postgres.Sql;
  /** By the migrations of the version of today. */
  upgrade(): Promise<void>;
  close(): Promise<void>;
}

/** `last` is the last migration that it had. */
export async function formerInstallation(last: string): Promise<FormerInstallation> {
  const name = `former_${randomBytes(8).toString("hex")}`;
  const url = new URL(inject("postgres").ownerUrl);
  url.pathname = "/postgres";
  const admin = postgres(url.href, { max: 1, prepare: false });
  const password = randomBytes(24).toString("hex");
  // No superuser: forced row security holds whoever migrates, as it does on a database that somebody else runs.
  await admin.unsafe(`create role ${name} login createrole password '${password}'`);
  await admin.unsafe(`create database ${name} owner ${name} template template0`);
  url.pathname = `/${name}`;
  const rows = postgres(url.href, { max: 1, prepare: false });
  [url.username, url.password] = [name, password];
  await migrateUpTo(last, url.href);
  return {
    rows,
    upgrade: async () => await migrate(url.href),
    close: async () => {
      await rows.end({ timeout: 5 });
      await admin.unsafe(`drop database if exists ${name} with (force)`);
      await admin.unsafe(`drop role if exists ${name}`);
      await admin.end({ timeout: 5 });
    },
  };
}

async function migrateUpTo(last: string, ownerUrl: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "creel-migrations-"));
  try {
    cpSync(findMigrations(), folder, { recursive: true });
    const journalFile = join(folder, "meta/_journal.json");
    const journal: { entries: { tag: string }[] } = JSON.parse(readFileSync(journalFile, "utf8"));
    const at = journal.entries.findIndex(({ tag }) => tag === last);
    if (at < 0) throw new Error(`no migration is called ${last}`);
    writeFileSync(journalFile, JSON.stringify({ ...journal, entries: journal.entries.slice(0, at + 1) }));
    await migrate(ownerUrl, { migrationsFolder: folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
