import { auth, device } from "@creel/core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../../packages/db/test/database.ts";
import { dispatch } from "../src/server/rest/dispatch.ts";
import { openApiDocument } from "../src/server/rest/openapi.ts";
import { setRuntime } from "../src/server/runtime.ts";
import { EventHub } from "../src/server/sse/event-hub.ts";
import { type Fleet, makeFleet, noWorkers, type Org } from "./support/fleet.ts";

/** Tries of one address in a window; `packages/core/src/auth/limits.ts`. */
const ADDRESS_TRIES_MAX = 100;

let database: FreshDatabase;
let fleet: Fleet;
let ours: Org;
beforeAll(async () => {
  for (const name of ["DATABASE_APP_URL", "DATABASE_SYSTEM_URL", "DATABASE_QUEUE_URL"]) vi.stubEnv(name, "unused here");
  vi.stubEnv("NEXTAUTH_SECRET", "0123456789abcdef0123456789abcdef");
  vi.stubEnv("NEXTAUTH_URL", "https://creel.example");
  vi.stubEnv("CREEL_WEB_URL", "https://creel.example");
  vi.stubEnv("CREEL_ADDRESS_HEADER", "x-real-address");
  database = await freshDatabase();
  fleet = makeFleet(database.db, noWorkers);
  ours = await fleet.found("ours");
  const { db, jobs, seal, deployment } = fleet.ctx(null);
  setRuntime(Promise.resolve({ db, jobs, seal, deployment, noticeHosts: [], events: new EventHub() }));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await database?.close();
});

const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
  const request = new Request(`http://127.0.0.1/api/v1/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const answer = await dispatch(request, path.split("/"));
  return { status: answer.status, body: await answer.json() };
};

test("a program without a token begins, waits, and has a token that works once a person confirmed", async () => {
  const begun = await post("device/code", { hostName: "laptop" }, { "x-real-address": "203.0.113.7" });
  expect(begun).toMatchObject({ status: 201, body: { page: "/device", intervalSeconds: 5 } });
  const { deviceCode, userCode } = begun.body;
  expect(await post("device/token", { deviceCode })).toMatchObject({ status: 200, body: { status: "pending" } });
  const ctx = fleet.ctx(null);
  const { token } = await auth.signIn({ ctx, input: { email: ours.email, password: ours.password } });
  const by = { ctx: fleet.ctx(await auth.resolveSession({ ctx, input: { token } })) };
  expect(await device.look({ ...by, input: { userCode } })).toMatchObject({ address: "203.0.113.7" });
  await device.approve({ ...by, input: { userCode, role: "viewer" } });
  const told = await post("device/token", { deviceCode });
  expect(told.body).toMatchObject({ status: "approved", email: ours.email });
  const asked = new Request("http://127.0.0.1/api/v1/sandboxes", {
    headers: { authorization: `Bearer ${told.body.token}` },
  });
  expect((await dispatch(asked, ["sandboxes"])).status).toBe(200);
  expect(await post("device/token", { deviceCode })).toMatchObject({ body: { status: "expired" } });
});

test("nobody confirms over REST, names an address of their own, or reaches another route without a token", async () => {
  for (const path of ["device/approve", "device/look", "device", "tokens"])
    expect((await post(path, {})).status).toBe(401);
  expect((await post("device/code", { hostName: "laptop", address: "203.0.113.9" })).status).toBe(400);
  expect((await post("device/token", { deviceCode: "x".repeat(300) })).status).toBe(400);
  // What nobody vouches for is not read to its end.
  const wide = (pad: number) => post("device/token", { deviceCode: "x", pad: "x".repeat(pad) });
  expect((await wide(1024)).body.detail).toBe("body: at most 1024 bytes.");
  expect((await wide(1024 - JSON.stringify({ deviceCode: "x", pad: "" }).length)).body.detail).toContain("pad");
});

test("an address that asks again and again is refused, and others are not", async () => {
  const from = (address: string) => post("device/code", { hostName: "laptop" }, { "x-real-address": address });
  const told = [];
  for (let at = 0; at <= ADDRESS_TRIES_MAX; at++) told.push((await from("203.0.113.8")).status);
  expect(told.filter((status) => status === 201)).toHaveLength(ADDRESS_TRIES_MAX);
  expect(told.at(-1)).toBe(429);
  expect((await from("203.0.113.10")).status).toBe(201);
});

test("the document says of these two routes, and of no other, that they take no token", () => {
  const { paths } = openApiDocument("https://creel.example") as { paths: Record<string, Record<string, object>> };
  const open = Object.entries(paths).flatMap(([path, item]) =>
    Object.values(item).flatMap((operation) => ("security" in operation ? [path] : [])),
  );
  expect(open).toEqual(["/device/code", "/device/token"]);
});
