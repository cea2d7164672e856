import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { inject } from "vitest";
import { type Db, openDb } from "../src/index.ts";
import type {} from "./postgres.ts";

export interface FreshDatabase {
  db: Db;
  ownerUrl: string;
  appUrl: string;
  systemUrl: string;
  queueUrl: string;
  close(): Promise<void>;
}

/** Copying a template locks it, so suites that start at the same moment take turns here. */
const TEMPLATE_LOCK_KEY = 7_400_403;

/** A database of this suite alone, migrated, with the app's roles allowed in and nobody else. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const { ownerUrl, template, passwords } = inject("postgres");
  const name = `suite_${randomBytes(8).toString("hex")}`;
  const at = (login?: [string, string], database = name): string => {
    const url = new URL(ownerUrl);
    url.pathname = `/${database}`;
    if (login !== undefined) [url.username, url.password] = login;
    return url.href;
  };
  const admin = postgres(at(undefined, "postgres"), { max: 1, prepare: false });
  await admin`select pg_advisory_lock(${TEMPLATE_LOCK_KEY})`;
  await admin`create database ${admin(name)} template ${admin(template)}`;
  await admin`revoke connect, temporary on database ${admin(name)} from public`;
  for (const role of ["creel_app", "creel_system", "creel_queue"])
    await admin`grant connect on database ${admin(name)} to ${admin(role)}`;
  await admin`grant create on database ${admin(name)} to creel_queue`;
  await admin`select pg_advisory_unlock(${TEMPLATE_LOCK_KEY})`;
  const urls = {
    ownerUrl: at(),
    appUrl: at(["creel_app", passwords.app]),
    systemUrl: at(["creel_system", passwords.system]),
    queueUrl: at(["creel_queue", passwords.queue]),
  };
  const db = openDb({ appUrl: urls.appUrl, systemUrl: urls.systemUrl });
  return {
    db,
    ...urls,
    close: async () => {
      await db.close();
      await admin`drop database ${admin(name)} with (force)`;
      await admin.end({ timeout: 5 });
    },
  };
}
