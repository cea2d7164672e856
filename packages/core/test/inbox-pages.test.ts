/** What people page through stands still while agents are denied more and others deal with it; what was put aside hides nothing unseen. */
import { randomUUID } from "node:crypto";
import { tables, withOrg } from "@creel/db";
import type { JournalEntry } from "@creel/protocol";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decision, inbox, sandbox } from "../src/index.ts";
import { type Fleet, makeNode, makeOrg, openFleet, type TestNode, type TestOrg } from "./support/fleet.ts";
import { entry } from "./support/journal.ts";

let fleet: Fleet;
let many: Home;
let foreign: Home;
beforeAll(async () => {
  fleet = await openFleet();
  many = await home("many", ["one", "two", "three", "four"]);
  foreign = await home("foreign", []);
});
afterAll(async () => await fleet?.close());

const MINUTE_MS = 60_000;
const pass = (ms: number): void => {
  fleet.clock.now = new Date(fleet.clock.now.getTime() + ms);
};

/** An org of its own with some sandboxes; each denial is of the moment unless it says otherwise. */
async function home(name: string, names: readonly string[]) {
  const org: TestOrg = await makeOrg(fleet, name);
  const host: TestNode = await makeNode(fleet, org, `host-${name}`);
  const boxes: string[] = [];
  for (const each of names) {
    const agent = { plugin: "command" as const, command: ["true"] };
    const input = { name: each, labels: {}, nodeId: host.nodeId, policyId: org.policyId, agent };
    boxes.push((await sandbox.create({ ctx: fleet.ctx(org.as("owner")), input })).id);
  }
  const boot = randomUUID();
  let seq = 0;
  const denied = (box: number, place: string, ago = 0): JournalEntry => {
    const made = entry(boot, seq++, boxes[box] ?? "");
    const time = new Date(fleet.clock.now.getTime() - ago).toISOString();
    if (made.type === "decision") Object.assign(made.record, { host: place, path: "/a", decision: "deny", time });
    return made;
  };
  const tell = async (...entries: JournalEntry[]) => {
    for (let from = 0; from < entries.length; from += 100)
      await decision.ingest({ ctx: fleet.ctx(host.actor), input: { entries: entries.slice(from, from + 100) } });
  };
  const ctx = () => fleet.ctx(org.as("owner"));
  const page = (input: Parameters<typeof inbox.list>[0]["input"] = {}) => inbox.list({ ctx: ctx(), input });
  return { org, boxes, denied, tell, page, ctx };
}
type Home = Awaited<ReturnType<typeof home>>;

/** From the first page to the last; what `between` does is done after each. */
async function walk(at: Home, limit: number, between: (pages: number) => Promise<void> = async () => {}) {
  const hosts: string[] = [];
  let after: string | undefined;
  for (let pages = 1; ; pages++) {
    const { items, next } = await at.page({ limit, ...(after === undefined ? {} : { after }) });
    hosts.push(...items.map(({ host }) => host));
    if (next === null) return { hosts, pages };
    after = next;
    await between(pages);
  }
}

describe("four hundred and fifty groups", () => {
  it("are each met once, while new ones arrive, old ones are denied again and some are dealt with", async () => {
    const at = many;
    const names = Array.from({ length: 450 }, (_, n) => `g${n}.example.com`);
    // On two days, and some of them in several sandboxes.
    pass(-86_400_000);
    await at.tell(...names.slice(0, 200).map((place, n) => at.denied(n % 3, place)));
    pass(86_400_000);
    await at.tell(...names.slice(150).map((place, n) => at.denied(n % 2, place)));
    expect((await at.page()).total).toBe(450);
    let dealtWith = "";
    const { hosts, pages } = await walk(at, 200, async (done) => {
      pass(MINUTE_MS);
      await at.tell(
        ...Array.from({ length: 60 }, (_, n) => at.denied(n % 3, `new-${done}-${n}.example.com`)),
        // Every known one once more, by another sandbox too: nothing of it moves to where somebody has been.
        ...names.map((place, n) => at.denied((n + 1) % 3, place)),
      );
      const [group] = (await at.page({ limit: 1 })).items;
      if (done === 1 && group !== undefined) {
        dealtWith = group.host;
        await inbox.dismiss({ ctx: at.ctx(), input: { groupKey: group.key, reason: "seen" } });
      }
    });
    expect(pages).toBe(3);
    expect(new Set(hosts).size).toBe(hosts.length);
    expect(names.filter((name) => !hosts.includes(name) && name !== dealtWith)).toEqual([]);
    expect(hosts.filter((each) => each.startsWith("new-"))).toEqual([]);
    // They stand on the first page of whoever looks anew.
    expect((await at.page()).items.some(({ host }) => host.startsWith("new-"))).toBe(true);
    expect((await at.page()).total).toBe(450 + 120 - 1);
  });

  it("say of each page how many there are of all, and of the last that it is the last", async () => {
    const at = many;
    await at.tell(...Array.from({ length: 5 }, (_, n) => at.denied(3, `g${n}.example.com`)));
    const sandboxId = at.boxes[3] ?? "";
    const first = await at.page({ sandboxId, limit: 3 });
    expect(first).toMatchObject({ total: 5, more: true });
    const last = await at.page({ sandboxId, limit: 3, after: first.next ?? "" });
    expect(last).toMatchObject({ total: 5, more: false, next: null, since: first.since });
    expect(last.items).toHaveLength(2);
    // As many as fit are one page.
    expect(await at.page({ sandboxId, limit: 5 })).toMatchObject({ more: false, next: null });
  });

  it("of any sandboxes and any page length are each met once, whatever is put aside or restored between", async () => {
    const at = await home("any", ["one", "two", "three", "four"]);
    const names = Array.from({ length: 70 }, (_, n) => `p${n}.example.com`);
    for (let from = 0; from < 70; from += 10) {
      pass(MINUTE_MS);
      await at.tell(...names.slice(from, from + 10).map((place, n) => at.denied((from + n * n) % 4, place)));
    }
    const keyOf = new Map((await at.page()).items.map(({ host, key }) => [host, key]));
    const act = fc.record({ which: fc.nat(69), kind: fc.constantFrom("dismiss", "restore", "again") });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 3, max: 40 }), fc.array(act, { maxLength: 12 }), async (limit, acts) => {
        const touched = new Set<string>();
        const shownBefore = new Set((await at.page()).items.map(({ host }) => host));
        const { hosts } = await walk(at, limit, async (done) => {
          for (const { which, kind } of acts.slice((done - 1) * 2, done * 2)) {
            const place = names[which] ?? "";
            const groupKey = keyOf.get(place) ?? "";
            if (kind === "again") await at.tell(at.denied(which % 4, place));
            else touched.add(place);
            if (kind === "dismiss") await inbox.dismiss({ ctx: at.ctx(), input: { groupKey, reason: "x" } });
            if (kind === "restore")
              await inbox.restore({ ctx: at.ctx(), input: { groupKey } }).catch((error: unknown) => {
                // Nothing was put aside here.
                expect(error).toMatchObject({ code: "not_found" });
              });
          }
        });
        expect(new Set(hosts).size).toBe(hosts.length);
        for (const place of shownBefore) if (!touched.has(place)) expect(hosts).toContain(place);
      }),
      { numRuns: 8 },
    );
  });
});

it("what an agent asked first and goes on asking stands on the first page, whatever it asked after", async () => {
  const at = await home("early", ["one", "two"]);
  await at.tell(at.denied(0, "evil.example"));
  await at.tell(...Array.from({ length: 300 }, (_, n) => at.denied(0, `cover-${n}.example.com`)));
  await at.tell(...Array.from({ length: 60 }, (_, n) => at.denied(1, `other-${n}.example.com`)));
  pass(MINUTE_MS);
  const first = async () => (await at.page()).items.map(({ host }) => host);
  expect(await first()).not.toContain("evil.example");
  // The most lately denied; and, once it is not that any more, the most denied.
  await at.tell(at.denied(0, "evil.example"), at.denied(0, "evil.example"));
  expect((await first())[0]).toBe("evil.example");
  await at.tell(at.denied(0, "cover-7.example.com"));
  expect(await first()).toContain("evil.example");
  // Each is met once all the same.
  const { hosts } = await walk(at, 100, async () => await at.tell(at.denied(0, "cover-9.example.com")));
  expect(hosts).toHaveLength(361);
  expect(new Set(hosts).size).toBe(361);
});

describe("the end of a page that somebody writes by hand", () => {
  it.each([
    "",
    "x",
    "1.2026-05-03.0.1",
    "1.2026-13-41.0.1.aaaaaaaaaaaaaaaaaaaaaa.",
    "1.2026-04-31.0.1.aaaaaaaaaaaaaaaaaaaaaa.",
    "1.0000-00-00.0.1.aaaaaaaaaaaaaaaaaaaaaa.",
    "1.2026-05-03.9.1.aaaaaaaaaaaaaaaaaaaaaa.",
    "1.2026-05-03.0.1.aaaaaaaaaaaaaaaaaaaaaa.'",
    `1.2026-05-03.0.1.aaaaaaaaaaaaaaaaaaaaaa.${"a".repeat(21 * 22)}`,
    `${"9".repeat(16)}.2026-05-03.0.1.aaaaaaaaaaaaaaaaaaaaaa.`,
  ])("is refused where it is none: %s", async (after) => {
    await expect(many.page({ after })).rejects.toMatchObject({ code: "invalid_input" });
  });

  it("looks back no further than counts are kept, and into no other org", async () => {
    const after = "999999999999999.1970-01-01.0.999999999999999.aaaaaaaaaaaaaaaaaaaaaa.";
    const { items, since } = await many.page({ after });
    expect(items.length).toBeGreaterThan(0);
    expect(fleet.clock.now.getTime() - Date.parse(since)).toBeLessThanOrEqual(33 * 86_400_000);
    expect(await foreign.page({ after })).toMatchObject({
      items: [],
      total: 0,
    });
  });
});

describe("what was put aside hides nothing that nobody had seen", () => {
  const HOUR_MS = 60 * MINUTE_MS;
  let at: Home;
  beforeAll(async () => {
    at = await home("aside", ["one", "two", "flooding"]);
  });
  const shown = async (place: string) => (await at.page()).items.find(({ host }) => host === place);

  it("of a node that was cut off and delivers what came before", async () => {
    const place = "late.example.com";
    await at.tell(at.denied(0, place));
    const groupKey = (await shown(place))?.key ?? "";
    await inbox.dismiss({ ctx: at.ctx(), input: { groupKey, as: "handled", reason: "seen" } });
    expect(await shown(place)).toBeUndefined();
    await at.tell(at.denied(1, place, HOUR_MS));
    expect(await shown(place)).toMatchObject({ key: groupKey, sandboxCount: 2 });
  });

  it("of a sandbox whose allowance is over and whose node's clock is slow", async () => {
    const place = "slow.example.com";
    await at.tell(at.denied(0, place));
    const groupKey = (await shown(place))?.key ?? "";
    await inbox.allow({ ctx: at.ctx(), input: { groupKey, seconds: 60 } });
    expect(await shown(place)).toBeUndefined();
    pass(2 * MINUTE_MS);
    await at.tell(at.denied(0, place, HOUR_MS));
    expect(await shown(place)).toBeDefined();
  });

  it("and a mark of before, which knows no decision, is judged by its time as it was then", async () => {
    const place = "before.example.com";
    await at.tell(at.denied(0, place));
    const groupKey = (await shown(place))?.key ?? "";
    const mark = { groupKey, kind: "handled", reason: "seen", by: "somebody", at: fleet.clock.now, cursor: null };
    const { orgId } = at.org;
    await withOrg(fleet.db, orgId, (tx) => tx.insert(tables.inboxMarks).values({ orgId, id: randomUUID(), ...mark }));
    expect(await shown(place)).toBeUndefined();
    pass(MINUTE_MS);
    await at.tell(at.denied(0, place));
    expect(await shown(place)).toBeDefined();
  });

  it("of other things that were asked before and arrive later", async () => {
    await at.tell(...Array.from({ length: 502 }, (_, n) => at.denied(2, `t${n}.example.com`)));
    const others = async () => {
      for (let after: string | undefined; ; ) {
        const { items, next } = await at.page(after === undefined ? {} : { after });
        const found = items.find((each) => each.others);
        if (found !== undefined || next === null) return found;
        after = next;
      }
    };
    const groupKey = (await others())?.key ?? "";
    await inbox.dismiss({ ctx: at.ctx(), input: { groupKey, as: "handled", reason: "seen" } });
    expect(await others()).toBeUndefined();
    await at.tell(at.denied(2, "and-one.example.com", MINUTE_MS));
    expect(await others()).toMatchObject({ count: 3 });
  });
});
