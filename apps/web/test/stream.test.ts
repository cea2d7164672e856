import { auth, type DecisionView, token } from "@creel/core";
import { type Listener, listenEvents } from "@creel/db";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../../packages/db/test/database.ts";
import { GET } from "../src/app/api/v1/decisions/stream/route.ts";
import { setRuntime } from "../src/server/runtime.ts";
import { EventHub } from "../src/server/sse/event-hub.ts";
import { decisionFeed } from "../src/server/sse/feed.ts";
import { type Fleet, ingest, makeFleet, makeJournal, noWorkers, type Org } from "./support/fleet.ts";
import { serve } from "./support/server.ts";

let database: FreshDatabase;
let fleet: Fleet;
let ours: Org;
let theirs: Org;
let listener: Listener;
let server: Awaited<ReturnType<typeof serve>>;
const events = new EventHub();

beforeAll(async () => {
  database = await freshDatabase();
  fleet = makeFleet(database.db, noWorkers);
  const { db, jobs, seal, deployment } = fleet.ctx(null);
  setRuntime(Promise.resolve({ db, jobs, seal, deployment, noticeHosts: [], events }));
  listener = await listenEvents(database.appUrl, (event) => events.publish(event));
  ours = await fleet.found("ours");
  theirs = await fleet.found("theirs");
  server = await serve(GET);
});
afterAll(async () => {
  await server.close();
  await listener.close();
  await database.close();
});

interface Message {
  event: string;
  id: string;
  data: unknown;
}

/** Reads server-sent events from a real socket, the way a client that knows only the standard does. */
const open = async (apiToken: string, lastEventId?: string) => {
  const leave = new AbortController();
  const response = await fetch(server.url, {
    headers: { authorization: `Bearer ${apiToken}`, ...(lastEventId ? { "last-event-id": lastEventId } : {}) },
    signal: leave.signal,
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  const queue: Message[] = [];
  const next = async (): Promise<Message | null> => {
    for (;;) {
      const ready = queue.shift();
      if (ready) return ready;
      const piece = await reader?.read();
      if (!piece || piece.done) return null;
      rest += piece.value;
      const blocks = rest.split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const fields = new Map(
          block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
        );
        const event = fields.get("event");
        if (event) queue.push({ event, id: fields.get("id") ?? "", data: JSON.parse(fields.get("data") ?? "null") });
      }
    }
  };
  return { status: response.status, next, leave: () => leave.abort() };
};
const pathOf = (message: Message | null): string | null => (message?.data as DecisionView | undefined)?.path ?? null;

describe("the stream of decisions", () => {
  it("sends each decision once, in order, also over a lost connection", async () => {
    const line = makeJournal(ours);
    const first = await open(ours.apiToken);
    expect((await first.next())?.event).toBe("ready");
    await ingest(fleet, ours, [line({ path: "/1" }), line({ path: "/2" })]);
    expect(pathOf(await first.next())).toBe("/1");
    const second = await first.next();
    expect(pathOf(second)).toBe("/2");
    first.leave();

    await ingest(fleet, ours, [line({ path: "/3" }), line({ path: "/4" })]);
    const again = await open(ours.apiToken, second?.id);
    expect((await again.next())?.event).toBe("ready");
    await ingest(fleet, ours, [line({ path: "/5" })]);
    expect([pathOf(await again.next()), pathOf(await again.next()), pathOf(await again.next())]).toEqual([
      "/3",
      "/4",
      "/5",
    ]);
    again.leave();
  });

  it("says so when the place to resume from is not there any more", async () => {
    const stream = await open(ours.apiToken, "999999999");
    expect((await stream.next())?.event).toBe("resync");
    stream.leave();
  });

  it("never carries another org's decisions", async () => {
    const stream = await open(ours.apiToken);
    await stream.next();
    await ingest(fleet, theirs, [makeJournal(theirs)({ path: "/theirs" })]);
    await ingest(fleet, ours, [makeJournal(ours)({ path: "/ours" })]);
    expect(pathOf(await stream.next())).toBe("/ours");
    stream.leave();
  });

  it("refuses nobody with an answer, not with a broken stream", async () => {
    const stream = await open("creel_00000000_nonsense");
    expect(stream.status).toBe(401);
    stream.leave();
  });

  it("ends by the revocation of its credential itself, not by the next regular check", async () => {
    const made = await token.create({ ctx: fleet.ctx(ours.owner), input: { name: "short-lived", role: "viewer" } });
    // While the date stands still no regular check is ever due.
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const stream = await open(made.token);
      expect((await stream.next())?.event).toBe("ready");
      await token.revoke({ ctx: fleet.ctx(ours.owner), input: { tokenId: made.view.id } });
      expect((await stream.next())?.event).toBe("end");
      expect(await stream.next()).toBeNull();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("what changed between a page's loading and its stream", () => {
  const page = (hub: EventHub, loadedAtMs: number | null) => {
    const leave = new AbortController();
    const ctx = fleet.ctx(ours.owner);
    const feed = decisionFeed({
      ...{
        ctx,
        orgId: ours.owner.orgId,
        events: hub,
        signal: leave.signal,
        filter: {},
        resumeAt: null,
        replayRowsMax: 500,
      },
      ...{ revalidate: async () => ours.owner, announceChanges: true, loadedAtMs },
    });
    return { next: async () => String((await feed.next()).value), leave: () => leave.abort() };
  };
  const published = (hub: EventHub, topic: "policies" | "exceptions" | "secrets", orgId = ours.owner.orgId) =>
    hub.publish({ orgId, topic });
  const START_MS = Date.now() + 60_000;
  const at = <T>(ms: number, act: () => T): T => {
    vi.setSystemTime(START_MS + ms);
    return act();
  };
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
  afterEach(() => void vi.useRealTimers());

  it("is announced first, and what changed before or is another org's is not", async () => {
    const hub = at(0, () => new EventHub());
    at(1_000, () => published(hub, "policies"));
    at(3_000, () => published(hub, "exceptions"));
    at(3_000, () => published(hub, "secrets", theirs.owner.orgId));
    const reader = at(4_000, () => page(hub, START_MS + 2_000));
    expect(await reader.next()).toContain("event: ready");
    const told = await reader.next();
    expect(told).toContain('"topics":["exceptions"]');
    expect(told).toContain(`"atMs":${START_MS + 4_000}`);
    reader.leave();
  });

  it("is everything where the server was not there, or deaf, for a while", async () => {
    const young = at(3_000, () => new EventHub());
    const deaf = at(0, () => new EventHub());
    at(3_000, () => deaf.publish({ topic: "*" }));
    for (const hub of [young, deaf]) {
      const reader = page(hub, START_MS + 2_000);
      await reader.next();
      expect(await reader.next()).toContain('"topics":["*"]');
      reader.leave();
    }
  });
});

describe("a session ended elsewhere", () => {
  it("stops resolving at once", async () => {
    const nobody = fleet.ctx(null);
    const signedIn = await auth.signIn({ ctx: nobody, input: { email: ours.email, password: ours.password } });
    const resolve = () => auth.resolveSession({ ctx: nobody, input: { token: signedIn.token } });
    const person = await resolve();
    expect(person?.email).toBe(ours.email);
    await auth.signOutEverywhere({ ctx: fleet.ctx(person), input: {} });
    expect(await resolve()).toBeNull();
  });
});
