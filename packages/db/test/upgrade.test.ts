import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FormerInstallation, formerInstallation } from "./former.ts";

/** The last migration of the version that knew one role a member, and keys that were nobody's. */
const BEFORE = "0002_quarantine-and-kill";

let former: FormerInstallation;
let rows: FormerInstallation["rows"];
beforeAll(async () => {
  former = await formerInstallation(BEFORE);
  rows = former.rows;
});
afterAll(async () => await former?.close());

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

  await former.upgrade();

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
