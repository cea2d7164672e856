import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FormerInstallation, formerInstallation } from "./former.ts";

/** The last migration of the version that counted the inbox from the decisions themselves. */
const BEFORE = "0019_grants-for-delegations-reminders-and-ends";

let former: FormerInstallation;
let rows: FormerInstallation["rows"];
beforeAll(async () => {
  former = await formerInstallation(BEFORE);
  rows = former.rows;
});
afterAll(async () => await former?.close());

interface Home {
  orgId: string;
  nodeId: string;
  sandboxId: string;
}
async function home(slug: string): Promise<Home> {
  const [orgId, nodeId, sandboxId, policyId] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  await rows`insert into orgs (id, slug, name) values (${orgId}, ${slug}, ${slug})`;
  // What the inbox does not read of them is left to nobody: the foreign keys are the migration's matter, the rest is not.
  await rows.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`insert into sandboxes (org_id, id, name, node_id, policy_id, agent, desired_state, restart, limits) values (${orgId}, ${sandboxId}, 's', ${nodeId}, ${policyId}, '{}', 'running', '{}', '{}')`;
  });
  return { orgId, nodeId, sandboxId };
}

const denials = async ({ orgId, nodeId, sandboxId }: Home, from: number, groups: number, daysAgo: number) =>
  await rows.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`insert into decisions (org_id, node_id, boot, seq, time, cursor, sandbox_id, kind, host, port, protocol, decision, reason,
        policy_digest, generation, bytes_in, bytes_out, duration_ms, group_key)
      select ${orgId}, ${nodeId}, ${randomUUID()}, n, date_trunc('day', now() at time zone 'UTC') at time zone 'UTC'
          - ${daysAgo}::int * interval '1 day' + interval '1 hour', ${from}::int + n, ${sandboxId}, 'http', 'h', 443, 'rest', 'deny', 'x',
        'd', 1, 0, 0, 0, case when n % 2 = 0 then left(md5(((n / 2) % ${groups}::int)::text), 22) end
      from generate_series(0, ${groups}::int * 4 - 1) n`;
  });

test("an installation of before the counts has them after the migration: bounded, by day, of what is not too old, each org its own", async () => {
  const [acme, globex] = [await home("acme"), await home("globex")];
  await denials(acme, 0, 502, 0);
  await denials(acme, 10_000, 3, 2);
  await denials(acme, 20_000, 4, 60);
  await denials(globex, 0, 1, 0);
  await former.upgrade();

  const counts =
    await rows`select org_id, sandbox_id, day, group_key, count, cursor, first_cursor from denied_groups order by cursor`;
  const of = (orgId: string) => counts.filter((row) => row.org_id === orgId);
  expect(of(globex.orgId).map(({ count }) => count)).toEqual([2]);
  const days = new Map<string, number>();
  for (const row of of(acme.orgId)) days.set(String(row.day), (days.get(String(row.day)) ?? 0) + 1);
  expect([...days.values()].sort((a, b) => a - b)).toEqual([3, 501]);
  const others = Buffer.from(acme.sandboxId.replaceAll("-", ""), "hex").toString("base64url");
  expect(of(acme.orgId).find((row) => row.group_key === others)?.count).toBe(4);
  expect(of(acme.orgId).every((row) => row.count === 2 || row.group_key === others)).toBe(true);
  // What pages go on by is not known of counts from before: their newest decision stands for it.
  for (const { cursor, first_cursor } of counts) expect(first_cursor).toBe(cursor);
  const open = await rows`select relname from pg_class where relname in ('decisions', 'denied_groups')
    and not (relrowsecurity and relforcerowsecurity)`;
  expect(open).toEqual([]);
});
