import { auth, org } from "@creel/core";
import { encode } from "next-auth/jwt";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../../packages/db/test/database.ts";
import { GET } from "../src/app/api/stream/route.ts";
import { MOVED_HEADER, TAB_HEADER, TAB_PARAMETER, tabIdentity } from "../src/lib/tab.ts";
import { setRuntime } from "../src/server/runtime.ts";
import { EventHub } from "../src/server/sse/event-hub.ts";
import { handleTrpc } from "../src/server/trpc/handler.ts";
import { type Fleet, makeFleet, noWorkers, type Org } from "./support/fleet.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
let database: FreshDatabase;
let fleet: Fleet;
let ours: Org;
/** Of one person: in the org they began in, and in one they founded. The browser has one cookie, that of the latter. */
let here: string;
let there: string;
let cookie: string;

beforeAll(async () => {
  for (const name of ["DATABASE_APP_URL", "DATABASE_SYSTEM_URL", "DATABASE_QUEUE_URL"]) vi.stubEnv(name, "unused here");
  vi.stubEnv("NEXTAUTH_SECRET", SECRET);
  database = await freshDatabase();
  fleet = makeFleet(database.db, noWorkers);
  const { db, jobs, seal, deployment } = fleet.ctx(null);
  setRuntime(Promise.resolve({ db, jobs, seal, deployment, noticeHosts: [], events: new EventHub() }));
  ours = await fleet.found("ours");
  const signedIn = await auth.signIn({ ctx: fleet.ctx(null), input: { email: ours.email, password: ours.password } });
  const actor = await auth.resolveSession({ ctx: fleet.ctx(null), input: { token: signedIn.token } });
  const founded = await org.create({ ctx: fleet.ctx(actor), input: { name: "There" } });
  const moved = await auth.switchOrg({ ctx: fleet.ctx(actor), input: { orgId: founded.id } });
  here = tabIdentity({ orgId: ours.owner.orgId, userId: ours.owner.userId });
  there = tabIdentity({ orgId: founded.id, userId: ours.owner.userId });
  cookie = `next-auth.session-token=${await encode({ token: { sid: moved.token }, secret: SECRET })}`;
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await database.close();
});

const headersOf = (as: string | null) => ({
  cookie,
  host: "127.0.0.1",
  origin: "http://127.0.0.1",
  "content-type": "application/json",
  ...(as === null ? {} : { [TAB_HEADER]: as }),
});
const question = (as: string | null) =>
  handleTrpc(new Request("http://127.0.0.1/api/trpc/org.whoAmI", { headers: headersOf(as) }));
const act = (as: string | null, name: string) =>
  handleTrpc(
    new Request("http://127.0.0.1/api/trpc/team.create", {
      method: "POST",
      headers: headersOf(as),
      body: JSON.stringify({ json: { name } }),
    }),
  );

describe("a tab that still shows the organization one has left", () => {
  it("is answered nothing and told to load anew", async () => {
    const answer = await question(here);
    expect(answer.status).toBe(409);
    expect(answer.headers.get(MOVED_HEADER)).toBe("1");
    expect(await answer.text()).not.toContain("There");
  });

  it("changes nothing in the one that the cookie opens by now", async () => {
    expect((await act(here, "wrong-place")).status).toBe(409);
    expect((await act(there, "right-place")).status).toBe(200);
    const teams = await (
      await handleTrpc(new Request("http://127.0.0.1/api/trpc/team.list", { headers: headersOf(there) }))
    ).text();
    expect(teams).toContain("right-place");
    expect(teams).not.toContain("wrong-place");
  });

  it("hears no event of the other one", async () => {
    const asked = new URLSearchParams({ [TAB_PARAMETER]: here });
    const answer = await GET(new Request(`http://127.0.0.1/api/stream?${asked}`, { headers: { cookie } }));
    expect(await answer.text()).toMatch(/^retry: \d+\n\nevent: moved\ndata: \{\}\n\n$/);
  });
});

describe("a tab that shows what its cookie opens", () => {
  it.each([
    ["says so", (): string | null => there],
    ["says nothing", (): string | null => null],
  ] as const)("is answered when it %s", async (_, as) => {
    const answer = await question(as());
    expect(answer.status).toBe(200);
    expect(answer.headers.has(MOVED_HEADER)).toBe(false);
  });
});
