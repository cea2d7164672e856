import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FormerInstallation, formerInstallation } from "./former.ts";

/** The last migration of the version that walked rotations and the audit trail whenever it asked what ends with a key. */
const BEFORE = "0028_old-counts-seen-by-the-sweep";

let former: FormerInstallation;
let rows: FormerInstallation["rows"];
beforeAll(async () => {
  former = await formerInstallation(BEFORE);
  rows = former.rows;
});
afterAll(async () => await former?.close());

async function org(slug: string): Promise<string> {
  const id = randomUUID();
  await rows`insert into orgs (id, slug, name) values (${id}, ${slug}, ${slug})`;
  return id;
}

const audited = async (orgId: string, event: { action: string; by: string | null; kind: string; id: string }) =>
  await rows`insert into audit_events (org_id, id, at, actor_kind, actor_id, actor_label, action, resource_kind, resource_id, resource_label, changes, request_id)
    values (${orgId}, ${randomUUID()}, now(), ${event.by === null ? "user" : "apiKey"}, ${event.by}, 'x', ${event.action}, ${event.kind}, ${event.id}, 'x', '{}', 'r')`;

test("keys of before know their kin and what they came by, and founded organizations what they were founded out of", async () => {
  const [acme, globex] = [await org("acme"), await org("globex")];
  const [child, grandchild] = [await org("child"), await org("grandchild")];
  const userId = randomUUID();
  await rows`insert into users (id, email, name) values (${userId}, 'a@a.example', 'a')`;
  const key = async (of: { from?: string; by?: string }): Promise<string> => {
    const id = randomUUID();
    await rows`insert into api_tokens (org_id, id, name, role, prefix, token_hash, created_by, owner_user_id, rotated_from)
      values (${acme}, ${id}, 'k', 'viewer', 'creel_x', ${id}, 'x', ${userId}, ${of.from ?? null})`;
    const action = of.from === undefined ? "token.create" : "token.rotate";
    await audited(acme, { action, by: of.by ?? null, kind: "token", id });
    return id;
  };
  const first = await key({});
  const second = await key({ from: first, by: first });
  const made = await key({ by: first });
  const madeOn = await key({ from: made });
  const deep = await key({ by: madeOn });
  const other = await key({});
  const taken = await key({ from: other, by: second });
  for (const [from, to] of [
    [acme, child],
    [child, grandchild],
  ] as const) {
    await audited(from, { action: "org.create", by: null, kind: "org", id: to });
    await audited(to, { action: "org.create", by: null, kind: "org", id: to });
  }

  await former.upgrade();

  const keys = await rows`select id, kin_id, maker_kin_ids from api_tokens`;
  const birthOf = Object.fromEntries(keys.map((row) => [row.id, [row.kin_id, [...row.maker_kin_ids].sort()]]));
  expect(birthOf).toEqual({
    [first]: [first, []],
    [second]: [first, []],
    [made]: [made, [first]],
    [madeOn]: [made, [first]],
    [deep]: [deep, [first, made].sort()],
    [other]: [other, []],
    [taken]: [other, [first]],
  });
  const roots = await rows`select id, root_org_id from orgs`;
  expect(Object.fromEntries(roots.map((row) => [row.id, row.root_org_id]))).toEqual({
    [acme]: null,
    [globex]: null,
    [child]: acme,
    [grandchild]: acme,
  });
});
