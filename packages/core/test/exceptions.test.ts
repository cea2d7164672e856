import { randomUUID } from "node:crypto";
import { eq, newId, tables, withOrg } from "@creel/db";
import type { JournalEntry } from "@creel/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { audit, decision, exception, inbox, plan, sandbox, type UserActor } from "../src/index.ts";
import { type Fleet, makeNode, makeOrg, openFleet, system, type TestNode, type TestOrg } from "./support/fleet.ts";
import { entry } from "./support/journal.ts";
import { join } from "./support/members.ts";

let fleet: Fleet;
let acme: TestOrg;
let globex: TestOrg;
let host: TestNode;
/** Of the sandboxes of `env=dev` alone; of the whole org, and of `env=dev`. */
let people: { dev: UserActor; developer: UserActor; devDeveloper: UserActor };
const boxes: string[] = [];
const HOUR = 3600;

beforeAll(async () => {
  fleet = await openFleet();
  [acme, globex] = [await makeOrg(fleet, "acme"), await makeOrg(fleet, "globex")];
  host = await makeNode(fleet, acme, "host-1");
  for (const [name, labels] of [
    ["one", { env: "dev" }],
    ["two", { env: "prod" }],
  ] as const) {
    const made = await sandbox.create({
      ctx: fleet.ctx(acme.as("owner")),
      input: {
        name,
        labels,
        nodeId: host.nodeId,
        policyId: acme.policyId,
        agent: { plugin: "command", command: ["true"] },
      },
    });
    boxes.push(made.id);
  }
  const scope = { env: ["dev"] };
  people = {
    dev: (await join(fleet, acme, { name: "olga", role: "operator", scope })).actor,
    developer: (await join(fleet, acme, { name: "dora", role: "developer" })).actor,
    devDeveloper: (await join(fleet, acme, { name: "dave", role: "developer", scope })).actor,
  };
});
afterAll(async () => await fleet?.close());

const ctx = (actor: UserActor = acme.as("owner")) => fleet.ctx(actor);
const boot = randomUUID();
let seq = 0;
const denied = (sandboxId: string, more: Partial<Extract<JournalEntry, { type: "decision" }>["record"]> = {}) => {
  const made = entry(boot, seq++, sandboxId);
  if (made.type === "decision") Object.assign(made.record, more);
  return made;
};
const tell = (...entries: JournalEntry[]) => decision.ingest({ ctx: fleet.ctx(host.actor), input: { entries } });
const scope = {
  binary: "/usr/bin/curl",
  host: "api.example.com",
  port: 443,
  method: "POST",
  path: "/items/*",
};
const desired = async () =>
  (await plan.desiredFor({ ctx: fleet.ctx(host.actor), input: { nodeId: host.nodeId } }))?.sandboxes;
const first = (): string => boxes[0] ?? "";

describe("an exception", () => {
  it("reaches the node's plan with its end, leaves the policy as it is, and ends early when somebody says so", async () => {
    const before = (await desired())?.find(({ id }) => id === first());
    const granted = await exception.grant({
      ctx: ctx(),
      input: { sandboxIds: [first()], ...scope, host: "API.example.com.", seconds: HOUR, reason: "a release" },
    });
    if (granted.outcome !== "applied") throw new Error("proposed");
    expect(granted.planIds).toHaveLength(1);
    const now = fleet.clock.now;
    const after = (await desired())?.find(({ id }) => id === first());
    expect(after?.exceptions).toEqual([
      {
        ...scope,
        id: granted.exceptionIds[0],
        once: false,
        createdAt: now.toISOString(),
        until: new Date(now.getTime() + HOUR * 1000).toISOString(),
      },
    ]);
    expect(after?.policy).toEqual(before?.policy);
    const listed = await exception.list({ ctx: ctx(), input: { active: true } });
    expect(listed.items[0]).toMatchObject({ state: "active", sandboxName: "one", reason: "a release" });
    const exceptionId = granted.exceptionIds[0] ?? "";
    expect((await exception.end({ ctx: ctx(), input: { exceptionId } })).planIds).toHaveLength(1);
    expect((await desired())?.find(({ id }) => id === first())?.exceptions).toBeUndefined();
    await expect(exception.end({ ctx: ctx(), input: { exceptionId } })).rejects.toMatchObject({ code: "conflict" });
    const rows = await audit.list({ ctx: ctx(), input: { resource: exceptionId } });
    expect(rows.items.map(({ action }) => action)).toEqual(["exception.end", "exception.grant"]);
  });

  it("is in no plan any more once its time is over", async () => {
    await exception.grant({ ctx: ctx(), input: { sandboxIds: [first()], ...scope, seconds: HOUR, reason: "x" } });
    fleet.clock.now = new Date(fleet.clock.now.getTime() + HOUR * 1000);
    await sandbox.restart({ ctx: ctx(), input: { sandboxId: first() } });
    expect((await desired())?.find(({ id }) => id === first())?.exceptions).toBeUndefined();
    expect((await exception.list({ ctx: ctx(), input: { active: true } })).items).toEqual([]);
    expect((await exception.list({ ctx: ctx(), input: { active: false } })).items[0]?.state).toBe("over");
  });

  it("for once counts as used when the node's journal says so, of its own sandbox alone", async () => {
    const granted = await exception.grant({
      ctx: ctx(),
      input: { sandboxIds: [first()], ...scope, once: true, reason: "once" },
    });
    if (granted.outcome !== "applied") throw new Error("proposed");
    const rule = `exception:${granted.exceptionIds[0]}`;
    const stateNow = async () =>
      (await exception.list({ ctx: ctx(), input: { sandboxId: first(), limit: 1 } })).items[0];
    await tell(denied(boxes[1] ?? "", { decision: "allow", rule }));
    expect((await stateNow())?.state).toBe("active");
    await tell(denied(first(), { decision: "allow", rule }));
    expect((await stateNow())?.state).toBe("used");
  });

  it.each([
    ["a pattern in the host", { host: "*.example.com" }],
    ["a pattern in the program", { binary: "/usr/bin/*" }],
    ["more than a week", { seconds: 8 * 86_400 }],
    ["less than a minute", { seconds: 5 }],
    ["a path without a method", { method: undefined }],
    ["no reason", { reason: "  " }],
    ["no sandbox", { sandboxIds: [] }],
    ["the model's name", { host: "inference.local" }],
  ])("is refused with %s", async (_what, more) => {
    const input = { sandboxIds: [first()], ...scope, seconds: HOUR, reason: "x", ...more };
    await expect(exception.grant({ ctx: ctx(), input })).rejects.toMatchObject({ code: "invalid_input" });
  });

  it("is refused where a sandbox has as many as it may have", async () => {
    const sandboxId = boxes[1] ?? "";
    const { orgId } = acme;
    const row = (port: number) => ({
      ...{ orgId, id: newId(fleet.clock.now), sandboxId, changeId: randomUUID(), ...scope, port, once: false },
      ...{ reason: "x", grantedBy: "x", until: new Date(fleet.clock.now.getTime() + HOUR * 1000) },
    });
    await withOrg(fleet.db, orgId, (tx) =>
      tx.insert(tables.egressExceptions).values(Array.from({ length: 63 }, (_, n) => row(n + 1))),
    );
    const grant = (port: number) =>
      exception.grant({
        ctx: ctx(),
        input: { sandboxIds: [sandboxId], ...scope, port, seconds: HOUR, reason: "x" },
      });
    await grant(64);
    await expect(grant(65)).rejects.toMatchObject({ code: "conflict" });
    fleet.clock.now = new Date(fleet.clock.now.getTime() + HOUR * 1000);
  });

  it("of a sandbox outside one's scope does not exist", async () => {
    const input = { ...scope, seconds: HOUR, reason: "x" };
    const dev = ctx(people.dev);
    const missing = exception
      .grant({ ctx: dev, input: { ...input, sandboxIds: [randomUUID()] } })
      .catch((e) => String(e));
    const hidden = exception
      .grant({ ctx: dev, input: { ...input, sandboxIds: [boxes[1] ?? ""] } })
      .catch((e) => String(e));
    expect(await hidden).toBe(await missing);
    const foreign = exception.grant({ ctx: ctx(globex.as("owner")), input: { ...input, sandboxIds: [first()] } });
    expect(await foreign.catch((e) => String(e))).toBe(await missing);
    const both = exception.grant({ ctx: dev, input: { ...input, sandboxIds: [...boxes] } });
    expect(await both.catch((e) => String(e))).toBe(await missing);
  });

  it("asked for by who may only propose waits for others and is in no plan", async () => {
    const developer = ctx(people.developer);
    const asked = await exception.grant({
      ctx: developer,
      input: { sandboxIds: [first()], ...scope, host: "new.example.com", seconds: HOUR, reason: "I need it" },
    });
    expect(asked.outcome).toBe("proposed");
    expect(JSON.stringify(await desired())).not.toContain("new.example.com");
  });
});

describe("the inbox", () => {
  const groups = async (actor?: UserActor) => (await inbox.list({ ctx: ctx(actor), input: {} })).items;
  const at = () => fleet.clock.now.toISOString();

  it("puts denied requests together that differ in identifiers alone, and leaves out what was only looked up", async () => {
    const time = at();
    await tell(
      ...[1, 2, 3].map((n) => denied(first(), { host: "g.example.com", path: `/users/${n}/posts?x=${n}`, time })),
      denied(boxes[1] ?? "", { host: "g.example.com", path: "/users/77/posts", time }),
      denied(first(), { host: "g.example.com", path: "/users/me/posts", time }),
      denied(first(), { host: "g.example.com", kind: "dns", port: 0, binary: null, time }),
      denied(first(), { host: "g.example.com", decision: "would_deny", path: "/z", time }),
    );
    const found = (await groups()).filter((each) => each.host === "g.example.com");
    expect(found.map(({ pathPattern, count, sandboxCount }) => ({ pathPattern, count, sandboxCount }))).toEqual(
      expect.arrayContaining([
        { pathPattern: "/users/*/posts", count: 4, sandboxCount: 2 },
        { pathPattern: "/users/me/posts", count: 1, sandboxCount: 1 },
      ]),
    );
    expect(found).toHaveLength(2);
    const [group] = found.filter(({ count }) => count === 4);
    expect(group?.trend.reduce((sum, each) => sum + each, 0)).toBe(4);
    expect(group?.sandboxes.map(({ name }) => name).sort()).toEqual(["one", "two"]);
    expect(group?.notAllowable).toBeNull();
  });

  it("counts for an actor only what is in scope, and shows another org nothing", async () => {
    const dev = (await groups(people.dev)).find((each) => each.pathPattern === "/users/*/posts");
    expect(dev).toMatchObject({ count: 3, sandboxCount: 1, sandboxes: [{ name: "one" }] });
    expect((await inbox.list({ ctx: ctx(globex.as("owner")), input: {} })).items).toEqual([]);
  });

  it("allows exactly what was asked, for the sandboxes that asked, and is then clear of it", async () => {
    const group = (await groups()).find((each) => each.pathPattern === "/users/*/posts");
    const granted = await inbox.allow({ ctx: ctx(), input: { groupKey: group?.key ?? "", seconds: HOUR } });
    if (granted.outcome !== "applied") throw new Error("proposed");
    const mine = (await desired())?.flatMap(({ exceptions = [] }) =>
      exceptions.filter((each) => each.host === group?.host),
    );
    expect(mine).toHaveLength(2);
    for (const each of mine ?? [])
      expect(each).toMatchObject({ binary: "/usr/bin/curl", port: 443, method: "POST", path: "/users/*/posts" });
    expect((await groups()).some((each) => each.key === group?.key)).toBe(false);
    // Denied again: somebody has to look at it again.
    fleet.clock.now = new Date(fleet.clock.now.getTime() + 60_000);
    await tell(denied(first(), { host: "g.example.com", path: "/users/9/posts", time: at() }));
    expect((await groups()).some((each) => each.key === group?.key)).toBe(true);
  });

  it("keeps what was denied for good out, also when it is denied again, until somebody restores it", async () => {
    const group = (await groups()).find((each) => each.pathPattern === "/users/me/posts");
    const groupKey = group?.key ?? "";
    await inbox.dismiss({ ctx: ctx(), input: { groupKey, reason: "nobody needs this" } });
    await tell(denied(first(), { host: "g.example.com", path: "/users/me/posts", time: at() }));
    expect((await groups()).some((each) => each.key === groupKey)).toBe(false);
    const [dismissed] = (await inbox.list({ ctx: ctx(), input: { show: "dismissed" } })).items;
    expect(dismissed).toMatchObject({ key: groupKey, mark: { kind: "dismissed", reason: "nobody needs this" } });
    await inbox.restore({ ctx: ctx(), input: { groupKey } });
    expect((await groups()).some((each) => each.key === groupKey)).toBe(true);
  });

  it("hides nothing from all for who sees only a part of it", async () => {
    const group = (await groups()).find((each) => each.pathPattern === "/users/*/posts");
    const dev = ctx(people.dev);
    const input = { groupKey: group?.key ?? "", reason: "not mine to hide" };
    await expect(inbox.dismiss({ ctx: dev, input })).rejects.toMatchObject({ code: "forbidden" });
    await expect(inbox.dismiss({ ctx: ctx(people.developer), input })).rejects.toMatchObject({ code: "forbidden" });
    const foreign = inbox.dismiss({ ctx: ctx(globex.as("owner")), input });
    await expect(foreign).rejects.toMatchObject({ code: "not_found" });
  });

  it("grants a part of a group to who may grant a part, and never a sandbox that did not ask", async () => {
    const group = (await groups()).find((each) => each.pathPattern === "/users/*/posts");
    const groupKey = group?.key ?? "";
    const dev = ctx(people.dev);
    const other = inbox.allow({ ctx: dev, input: { groupKey, sandboxIds: [boxes[1] ?? ""] } });
    await expect(other).rejects.toMatchObject({ code: "invalid_input" });
    const granted = await inbox.allow({ ctx: dev, input: { groupKey, once: true } });
    if (granted.outcome !== "applied") throw new Error("proposed");
    expect(granted.exceptionIds).toHaveLength(1);
  });

  it("says why something cannot be allowed and refuses it", async () => {
    await tell(
      denied(first(), { host: "d.example.com", rule: "x", reason: "Denied by x.deny_rules[0]: * /**.", time: at() }),
      denied(first(), { host: "n.example.com", binary: null, time: at() }),
    );
    for (const place of ["d.example.com", "n.example.com"]) {
      const group = (await groups()).find((each) => each.host === place);
      expect(group?.notAllowable).not.toBeNull();
      await expect(inbox.allow({ ctx: ctx(), input: { groupKey: group?.key ?? "" } })).rejects.toMatchObject({
        code: "conflict",
        publicMessage: group?.notAllowable,
      });
    }
  });

  it("counts each denial once, however often its line is sent, and each day by itself", async () => {
    const now = fleet.clock.now;
    const early = new Date(now.getTime() - 2 * 86_400_000).toISOString();
    const lines = [early, early, at()].map((time) => denied(first(), { host: "twice.example.com", path: "/a", time }));
    for (let times = 0; times < 3; times++) await tell(...lines);
    const group = (await groups()).find((each) => each.host === "twice.example.com");
    expect(group).toMatchObject({ count: 3, firstAt: early, lastAt: at() });
    expect(group?.trend.slice(-3)).toEqual([2, 0, 1]);
    expect(group?.trend).toHaveLength(8);
  });

  it("counts past 500 different things of a sandbox in a day together, and what it knew of them still one by one", async () => {
    fleet.clock.now = new Date(fleet.clock.now.getTime() + 86_400_000);
    const [flooding, time] = [boxes[1] ?? "", at()];
    const thing = (n: number) => denied(flooding, { host: `t${n}.example.com`, time });
    for (let from = 0; from < 500; from += 100) await tell(...Array.from({ length: 100 }, (_, n) => thing(from + n)));
    const rows = () =>
      withOrg(fleet.db, acme.orgId, (tx) => tx.select().from(tables.deniedGroups)).then((all) =>
        all.filter((row) => row.sandboxId === flooding && row.day === time.slice(0, 10)),
      );
    expect(await rows()).toHaveLength(500);
    await tell(thing(500), thing(501), thing(7));
    await tell(...Array.from({ length: 200 }, (_, n) => thing(600 + n)));
    expect(await rows()).toHaveLength(501);
    expect((await rows()).find((row) => row.count > 2)).toMatchObject({ count: 202 });
    const input = { sandboxId: flooding };
    const others = (await inbox.list({ ctx: ctx(), input })).items.find((each) => each.others);
    expect(others).toMatchObject({ count: 202, sandboxCount: 1, host: "t799.example.com" });
    const groupKey = others?.key ?? "";
    // What is different can be neither allowed nor denied for good as one; put aside, it comes back with the next.
    await expect(inbox.allow({ ctx: ctx(), input: { groupKey } })).rejects.toMatchObject({ code: "conflict" });
    const dismiss = (as: "dismissed" | "handled") =>
      inbox.dismiss({ ctx: ctx(), input: { groupKey, as, reason: "x" } });
    await expect(dismiss("dismissed")).rejects.toMatchObject({ code: "conflict" });
    await dismiss("handled");
    const shown = async () => (await inbox.list({ ctx: ctx(), input })).items.some((each) => each.others);
    expect(await shown()).toBe(false);
    fleet.clock.now = new Date(fleet.clock.now.getTime() + 60_000);
    await tell(denied(flooding, { host: "one-more.example.com", time: at() }));
    expect(await shown()).toBe(true);
  });

  it("counts nothing on a day that has not come, and nothing that nobody can ask for any more", async () => {
    const { orgId } = acme;
    const past = (days: number) => new Date(fleet.clock.now.getTime() - days * 86_400_000).toISOString();
    const times = [past(-400), past(-2), past(31.5), past(400)];
    await tell(...times.map((time) => denied(first(), { host: "lying.example.com", path: "/clock", time })));
    const group = (await inbox.list({ ctx: ctx(), input: { days: 31 } })).items.find(
      (each) => each.host === "lying.example.com",
    );
    expect(group).toMatchObject({ count: 2, lastAt: at() });
    const days = await withOrg(fleet.db, orgId, (tx) => tx.select().from(tables.deniedGroups));
    for (const { day } of days) expect(day <= at().slice(0, 10) && day >= past(32).slice(0, 10)).toBe(true);
  });

  it("forgets the days that nobody can ask for any more, of removed sandboxes too, and on record", async () => {
    fleet.clock.now = new Date(fleet.clock.now.getTime() + 86_400_000);
    const { orgId } = acme;
    const day = (ago: number) => new Date(fleet.clock.now.getTime() - ago * 86_400_000);
    const counted = (sandboxId: string, ago: number, groupKey: string) => {
      const at = day(ago);
      const row = { orgId, sandboxId, groupKey, count: 1, firstAt: at, lastAt: at, cursor: 1, firstCursor: 1 };
      return { ...row, day: at.toISOString().slice(0, 10) };
    };
    const [kept, gone] = ["k".repeat(22), "g".repeat(22)];
    const removed = await sandbox.create({
      ctx: ctx(),
      input: {
        name: "removed",
        labels: {},
        nodeId: host.nodeId,
        policyId: acme.policyId,
        agent: { plugin: "command", command: ["true"] },
      },
    });
    await sandbox.remove({ ctx: ctx(), input: { sandboxId: removed.id } });
    const old = [removed.id, first()].flatMap((id) => [counted(id, 33, gone), counted(id, 60, gone)]);
    const young = [removed.id, first()].flatMap((id) => [counted(id, 32, kept), counted(id, 31, kept)]);
    await withOrg(fleet.db, orgId, (tx) => tx.insert(tables.deniedGroups).values([...old, ...young]));
    const left = async () => {
      const rows = await withOrg(fleet.db, orgId, (tx) => tx.select().from(tables.deniedGroups));
      return { gone: rows.filter((row) => row.groupKey === gone).length, rows: rows.length };
    };
    const { rows } = await left();
    const swept = () => inbox.sweep({ ctx: fleet.ctx(system), input: {} });
    expect(await swept()).toEqual({ forgotten: 4 });
    expect(await left()).toEqual({ gone: 0, rows: rows - 4 });
    expect(await swept()).toEqual({ forgotten: 0 });
    const [told] = (await audit.list({ ctx: ctx(), input: { action: "inbox.forget" } })).items;
    expect(told?.changes).toEqual({ counts: { to: 4 } });
    await withOrg(fleet.db, orgId, (tx) =>
      tx.delete(tables.deniedGroups).where(eq(tables.deniedGroups.groupKey, kept)),
    );
  });

  it("hides from nobody what somebody allowed in other sandboxes than theirs, and ends no denial for good", async () => {
    const time = at();
    await tell(...boxes.map((id) => denied(id, { host: "shared.example.com", path: "/a", time })));
    const mine = async (actor?: UserActor) => (await groups(actor)).find((each) => each.host === "shared.example.com");
    const groupKey = (await mine())?.key ?? "";
    const dev = people.dev;
    const proposed = await inbox.allow({ ctx: ctx(people.devDeveloper), input: { groupKey } });
    expect(proposed.outcome).toBe("proposed");
    expect(await mine(dev)).toMatchObject({ sandboxCount: 1 });
    await inbox.allow({ ctx: ctx(dev), input: { groupKey } });
    expect(await mine(dev)).toBeUndefined();
    expect(await mine()).toMatchObject({ sandboxCount: 1, count: 1, sandboxes: [{ name: "two" }] });
    await inbox.dismiss({ ctx: ctx(), input: { groupKey, reason: "never" } });
    await inbox.allow({ ctx: ctx(dev), input: { groupKey } });
    const { items } = await inbox.list({ ctx: ctx(), input: { show: "dismissed" } });
    expect(items.find(({ key }) => key === groupKey)).toMatchObject({ mark: { reason: "never" }, sandboxCount: 2 });
  });

  it("lets one that floods push nobody off the page", async () => {
    fleet.clock.now = new Date(fleet.clock.now.getTime() + 60_000);
    const time = at();
    await tell(
      denied(boxes[1] ?? "", {
        host: "quiet.example.com",
        time: new Date(fleet.clock.now.getTime() - 30_000).toISOString(),
      }),
    );
    for (let part = 0; part < 3; part++)
      await tell(
        ...Array.from({ length: 100 }, (_, n) =>
          denied(first(), {
            host: "flood.example.com",
            path: `/w${String.fromCharCode(97 + part)}/${"abcdefghij"[n % 10]}${"klmnopqrst"[Math.floor(n / 10)]}`,
            time,
          }),
        ),
      );
    const page = await inbox.list({ ctx: ctx(), input: {} });
    expect(page).toMatchObject({ more: true });
    expect(page.items).toHaveLength(200);
    const place = page.items.findIndex((each) => each.host === "quiet.example.com");
    expect(place).toBeGreaterThanOrEqual(0);
    expect(place).toBeLessThanOrEqual(60);
  });

  it("keeps a group on the page that one that floods was denied too", async () => {
    const step = () => {
      fleet.clock.now = new Date(fleet.clock.now.getTime() + 60_000);
    };
    const shared = { host: "registry.example.com", path: "/pkg" };
    step();
    await tell(denied(boxes[1] ?? "", { ...shared, time: at() }));
    step();
    await tell(denied(first(), { ...shared, time: at() }));
    step();
    for (let from = 0; from < 300; from += 100)
      await tell(
        ...Array.from({ length: 100 }, (_, n) => denied(first(), { host: `h${from + n}.example.com`, time: at() })),
      );
    const group = (await groups()).find(({ host }) => host === shared.host);
    expect(group).toMatchObject({ count: 2, sandboxCount: 2 });
  });

  it("keeps the denial of a quiet sandbox on the page while many flood, and says that there is more", async () => {
    const far = await makeNode(fleet, globex, "host-far");
    const create = (name: string) =>
      sandbox.create({
        ctx: ctx(globex.as("owner")),
        input: {
          name,
          labels: {},
          nodeId: far.nodeId,
          policyId: globex.policyId,
          agent: { plugin: "command", command: ["true"] },
        },
      });
    const quiet = await create("quiet");
    const hostile = [];
    for (let n = 0; n < 5; n++) hostile.push(await create(`hostile-${n}`));
    const tellFar = (...entries: JournalEntry[]) => decision.ingest({ ctx: fleet.ctx(far.actor), input: { entries } });
    const page = (input: { sandboxId?: string; days?: number } = {}) =>
      inbox.list({ ctx: ctx(globex.as("owner")), input });
    await tellFar(denied(quiet.id, { host: "quiet.example.com", time: at() }));
    expect(await page()).toMatchObject({ more: false });
    fleet.clock.now = new Date(fleet.clock.now.getTime() + 60_000);
    for (const { id } of hostile)
      await tellFar(
        ...Array.from({ length: 60 }, (_, n) => denied(id, { host: `${id}-${n}.example.com`, time: at() })),
      );
    const { items, more } = await page();
    expect(more).toBe(true);
    expect(items).toHaveLength(200);
    expect(items.some(({ host }) => host === "quiet.example.com")).toBe(true);
    expect(items.map(({ lastAt }) => lastAt)).toEqual(
      items
        .map(({ lastAt }) => lastAt)
        .sort()
        .reverse(),
    );
    // Of one sandbox more was counted than is read: its groups fit the page, and it is said all the same.
    const [full] = hostile;
    const { orgId } = globex;
    const [row] = await withOrg(fleet.db, orgId, (tx) => tx.select().from(tables.deniedGroups));
    if (full === undefined || row === undefined) throw new Error("nothing was counted");
    const now = fleet.clock.now.getTime();
    const addDay = (ago: number) => {
      const lastAt = new Date(now - ago * 86_400_000);
      const day = { ...row, sandboxId: full.id, firstAt: lastAt, lastAt, day: lastAt.toISOString().slice(0, 10) };
      const counts = Array.from({ length: 60 }, (_, n) => ({ ...day, groupKey: `${n}`.padStart(22, "x") }));
      return withOrg(fleet.db, orgId, (tx) => tx.insert(tables.deniedGroups).values(counts));
    };
    for (let ago = 1; ago <= 15; ago++) await addDay(ago);
    expect(await page({ sandboxId: full.id, days: 31 })).toMatchObject({ more: false });
    await addDay(16);
    expect(await page({ sandboxId: full.id, days: 31 })).toMatchObject({ more: true });
  });
});
