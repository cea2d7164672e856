import { randomBytes, randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { findMigrations } from "../src/folder.ts";
import { migrate } from "../src/index.ts";
import type {} from "./postgres.ts";

/** The last migration of the version that knew one role a member, and keys that were nobody's. */
const BEFORE = "0002_quarantine-and-kill";

let admin: postgres.Sql;
let rows: postgres.Sql;
let ownerUrl: string;
let earlier: string;
const name = `upgrade_${randomBytes(8).toString("hex")}`;
beforeAll(async () => {
  const url = new URL(inject("postgres").ownerUrl);
  url.pathname = "/postgres";
  admin = postgres(url.href, { max: 1, prepare: false });
  const password = randomBytes(24).toString("hex");
  // No superuser: forced row security holds whoever migrates, as it does on a database that somebody else runs.
  await admin.unsafe(`create role ${name} login createrole password '${password}'`);
  await admin.unsafe(`create database ${name} owner ${name} template template0`);
  url.pathname = `/${name}`;
  rows = postgres(url.href, { max: 1, prepare: false });
  [url.username, url.password] = [name, password];
  ownerUrl = url.href;
  earlier = mkdtempSync(join(tmpdir(), "creel-migrations-"));
  cpSync(findMigrations(), earlier, { recursive: true });
  const journalFile = join(earlier, "meta/_journal.json");
  const journal: { entries: { tag: string }[] } = JSON.parse(readFileSync(journalFile, "utf8"));
  const last = journal.entries.findIndex(({ tag }) => tag === BEFORE);
  writeFileSync(journalFile, JSON.stringify({ ...journal, entries: journal.entries.slice(0, last + 1) }));
});
afterAll(async () => {
  await rows?.end({ timeout: 5 });
  await admin?.unsafe(`drop database if exists ${name} with (force)`);
  await admin?.unsafe(`drop role if exists ${name}`);
  await admin?.end({ timeout: 5 });
  rmSync(earlier, { recursive: true, force: true });
});

async function person(email: string): Promise<string> {
  const id = randomUUID();
  await rows`insert into users (id, email, name, password_hash) values (${id}, ${email}, ${email}, 'x')`;
  return id;
}

async function org(slug: string, members: { userId: string; role: string }[] = []): Promise<string> {
  const id = randomUUID();
  await rows`insert into orgs (id, slug, name) values (${id}, ${slug}, ${slug})`;
  for (const { userId, role } of members)
    await rows`insert into memberships (org_id, user_id, role) values (${id}, ${userId}, ${role})`;
  return id;
}

async function key(orgId: string, createdBy: string): Promise<string> {
  const id = randomUUID();
  await rows`insert into api_tokens (org_id, id, name, role, prefix, token_hash, created_by)
    values (${orgId}, ${id}, 'ci', 'operator', 'creel_x', ${id}, ${createdBy})`;
  return id;
}

test("an installation of before roles were granted keeps its members, their roles and its keys", async () => {
  await migrate(ownerUrl, { migrationsFolder: earlier });
  const [ada, ben] = [await person("ada@acme.example"), await person("ben@acme.example")];
  const acme = await org("acme", [
    { userId: ada, role: "owner" },
    { userId: ben, role: "developer" },
  ]);
  const globex = await org("globex", [{ userId: ben, role: "owner" }]);
  const bens = await key(acme, "ben@acme.example");
  const ofKey = await key(acme, "another key");
  const ofGone = await key(acme, "gone@acme.example");
  // Ada is no member there, though she has an account.
  const foreign = await key(globex, "ada@acme.example");
  const sessionId = randomUUID();
  await rows`insert into sessions (org_id, id, user_id, token_hash, last_used_at, expires_at)
    values (${acme}, ${sessionId}, ${ben}, 'h', now(), now())`;
  // Nobody is left in it, and its key would be anybody's.
  const empty = await org("empty");
  const orphan = await key(empty, "ada@acme.example");

  await migrate(ownerUrl);

  const granted = await rows`select org_id, user_id, role from role_grants where ended_at is null`;
  expect(new Set(granted.map((row) => `${row.org_id} ${row.user_id} ${row.role}`))).toEqual(
    new Set([`${acme} ${ada} owner`, `${acme} ${ben} developer`, `${globex} ${ben} owner`]),
  );
  expect(granted).toHaveLength(3);
  const keys = await rows`select id, owner_user_id, role, revoked_at from api_tokens`;
  const ownerOf = Object.fromEntries(keys.map((row) => [row.id, row.owner_user_id]));
  expect(ownerOf).toEqual({ [bens]: ben, [ofKey]: ada, [ofGone]: ada, [foreign]: ben });
  expect(keys.every((row) => row.role === "operator" && row.revoked_at === null)).toBe(true);
  expect(ownerOf[orphan]).toBeUndefined();
  expect(await rows`select user_id from sessions where id = ${sessionId}`).toMatchObject([{ user_id: ben }]);
  const open = await rows`select relname from pg_class where relnamespace = 'public'::regnamespace
    and relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity)`;
  expect(open).toEqual([]);
});
