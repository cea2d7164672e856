import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrate } from "../src/index.ts";
import { type FreshDatabase, freshDatabase } from "./database.ts";

let database: FreshDatabase;
let owner: postgres.Sql;
beforeAll(async () => {
  database = await freshDatabase();
  owner = postgres(database.ownerUrl, { max: 1, prepare: false });
});
afterAll(async () => {
  await owner?.end();
  await database?.close();
});

const names = (rows: readonly postgres.Row[]): string[] => rows.map((row) => String(row.name));

test("every table forces row security", async () => {
  const rows = await owner`select c.relname as name from pg_class c where c.relnamespace = 'public'::regnamespace
    and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)`;
  expect(names(rows)).toEqual([]);
});

test("every tenant table has a policy that limits reading and writing to the current org", async () => {
  const rows = await owner`select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and a.attname = 'org_id'
      and not exists (select from pg_policies p where p.tablename = c.relname and 'creel_app' = any(p.roles)
        and p.qual like '%app.org_id%' and p.with_check like '%app.org_id%' and p.cmd = 'ALL')`;
  expect(names(rows)).toEqual([]);
});

test("every tenant table's key, and every foreign key between tenant tables, begins with the org", async () => {
  const keys =
    await owner`select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not exists (
      select from pg_index i where i.indrelid = c.oid and i.indisprimary and i.indkey[0] = a.attnum)`;
  expect(names(keys)).toEqual([]);
  const foreign = await owner`select con.conname as name from pg_constraint con
    join pg_attribute own on own.attrelid = con.conrelid and own.attname = 'org_id'
    join pg_attribute other on other.attrelid = con.confrelid and other.attname = 'org_id'
    where con.contype = 'f' and (con.conkey[1] <> own.attnum or con.confkey[1] <> other.attnum)`;
  expect(names(foreign)).toEqual([]);
});

test("login roles own no table and bypass nothing", async () => {
  const roles =
    await owner`select rolname as name from pg_roles where rolname in ('creel_app', 'creel_system', 'creel_queue')
    and not rolsuper and not rolbypassrls and not rolcreaterole and not rolcreatedb and not rolreplication order by 1`;
  expect(names(roles)).toEqual(["creel_app", "creel_queue", "creel_system"]);
  const owned =
    await owner`select tablename as name from pg_tables where schemaname = 'public' and tableowner like 'creel\\_%'`;
  expect(names(owned)).toEqual([]);
});

test("the system role reads across orgs only what its list names, and no login role deletes or rewrites history", async () => {
  const system = await owner`select distinct table_name as name from information_schema.column_privileges
    where grantee = 'creel_system' and privilege_type = 'SELECT' order by 1`;
  expect(names(system)).toEqual([
    "api_tokens",
    "auth_tries",
    "change_reviews",
    "changes",
    "commands",
    "denied_groups",
    "device_logins",
    "enroll_secrets",
    "identity_domains",
    "identity_providers",
    "invitations",
    "memberships",
    "notice_deliveries",
    "orgs",
    "plans",
    "secret_versions",
    "sessions",
    "user_recovery_codes",
    "user_totp",
    "users",
  ]);
  const rewrite =
    await owner`select table_name || '.' || privilege_type as name from information_schema.table_privileges
    where grantee like 'creel\\_%' and table_name in ('audit_events', 'policy_versions', 'decisions')
      and privilege_type in ('UPDATE', 'DELETE', 'TRUNCATE')`;
  expect(names(rewrite)).toEqual([]);
});

test("no view and no function runs with its owner's rights", async () => {
  const rows =
    await owner`select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')
    union all select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef`;
  expect(names(rows)).toEqual([]);
});

test("migrating again, twice at once, changes nothing", async () => {
  const applied = async () => await owner`select id, hash from drizzle.__drizzle_migrations order by id`;
  const before = await applied();
  await Promise.all([migrate(database.ownerUrl), migrate(database.ownerUrl)]);
  expect(await applied()).toEqual(before);
});
