import { type Listener, listenEvents } from "@creel/db";
import { afterAll, beforeAll } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../../packages/db/test/database.ts";
import { setRuntime } from "../../web/src/server/runtime.ts";
import { EventHub } from "../../web/src/server/sse/event-hub.ts";
import { type Fleet, makeFleet, noWorkers, type Org } from "../../web/test/support/fleet.ts";
import { serve } from "../../web/test/support/server.ts";

const API = "/api/v1/";
/** Named at run time: the types of Next behind it would ask every environment of every program for NODE_ENV. */
const DISPATCH = "../../web/src/server/rest/dispatch.ts";

type Dispatch = (request: Request, segments: readonly string[]) => Promise<Response>;

/** The file's `dispatch`; a test that calls it fails at once if it is no longer of that shape. */
const loadDispatch = async (): Promise<Dispatch> => ((await import(DISPATCH)) as { dispatch: Dispatch }).dispatch;

/** The fleet's own REST API over a database of its own, which the commands of this test file ask as its owner. */
export function fleetServer(): { fleet: () => Fleet; org: () => Org; as: (token: string) => void } {
  const before = { url: process.env.CREEL_URL, token: process.env.CREEL_TOKEN };
  let database: FreshDatabase;
  let listener: Listener;
  let server: Awaited<ReturnType<typeof serve>>;
  let fleet: Fleet | null = null;
  let org: Org | null = null;
  beforeAll(async () => {
    database = await freshDatabase();
    fleet = makeFleet(database.db, noWorkers);
    const { db, jobs, seal, deployment } = fleet.ctx(null);
    const events = new EventHub();
    setRuntime(Promise.resolve({ db, jobs, seal, deployment, noticeHosts: [], events }));
    listener = await listenEvents(database.appUrl, (event) => events.publish(event));
    org = await fleet.found("acme");
    const dispatch = await loadDispatch();
    server = await serve((request) => {
      const { pathname } = new URL(request.url);
      return dispatch(request, pathname.slice(API.length).split("/").map(decodeURIComponent));
    });
    process.env.CREEL_URL = server.url;
    process.env.CREEL_TOKEN = org.apiToken;
  });
  afterAll(async () => {
    for (const [name, value] of [["CREEL_URL", before.url] as const, ["CREEL_TOKEN", before.token] as const])
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    await server?.close();
    await listener?.close();
    await database?.close();
  });
  const made = <T>(value: T | null): T => {
    if (value === null) throw new Error("the server is not there yet");
    return value;
  };
  return {
    fleet: () => made(fleet),
    org: () => made(org),
    as: (token) => {
      process.env.CREEL_TOKEN = token;
    },
  };
}
