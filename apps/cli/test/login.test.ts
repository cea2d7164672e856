import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { runCli } from "../src/cli.ts";
import { ownName } from "../src/login/login.ts";
import { restServer } from "./rest-server.ts";

/** What was asked, and what the next questions are answered with. */
const asked: { path: string; token: string | undefined; body: string }[] = [];
let answers: { status: number; body: unknown }[] = [];
restServer((request, response) => {
  let body = "";
  request.on("data", (piece) => {
    body += piece;
  });
  request.on("end", () => {
    asked.push({ path: `${request.method} ${request.url}`, token: request.headers.authorization, body });
    const answer = answers.shift() ?? { status: 500, body: {} };
    response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
  });
});

const folder = mkdtempSync(join(tmpdir(), "creel-login-"));
const file = join(folder, "config/creel/login.json");
const kept = { ...process.env };
beforeEach(() => {
  asked.length = 0;
  // No deployment and no token of this machine has a say here.
  process.env.CREEL_HOME = join(folder, "home");
  process.env.XDG_CONFIG_HOME = join(folder, "config");
  delete process.env.CREEL_TOKEN;
});
afterEach(() => rmSync(join(folder, "config"), { recursive: true, force: true }));
afterAll(() => {
  for (const name of ["CREEL_HOME", "XDG_CONFIG_HOME"])
    if (kept[name] === undefined) delete process.env[name];
    else process.env[name] = kept[name];
  rmSync(folder, { recursive: true, force: true });
});

const run = async (...args: string[]) => {
  let out = "";
  let err = "";
  const io = {
    stdin: process.stdin,
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    colour: false,
  };
  return { code: await runCli(args, io), out, err };
};
const begun = {
  deviceCode: "creeld_long",
  userCode: "BCDF-GHJK",
  page: "/device",
  expiresInSeconds: 600,
  intervalSeconds: 0,
};
const TOKEN = "creel_00000000_secret";
const approved = (more: object = {}) => ({
  status: "approved",
  token: TOKEN,
  tokenId: "00000000-0000-4000-8000-000000000001",
  expiresAt: "2099-01-01T00:00:00.000Z",
  email: "ada@acme.example",
  org: { id: "x", slug: "acme", name: "Acme" },
  ...more,
});
const ok = (body: unknown) => ({ status: 200, body });
const signIn = async () => {
  answers = [ok(begun), ok(approved())];
  const answer = await run("login");
  asked.length = 0;
  return answer;
};

test("a code is shown and waited for; the token is kept for this user alone and printed nowhere", async () => {
  answers = [ok(begun), ok({ status: "pending", intervalSeconds: 0 }), ok(approved())];
  const { code, out, err } = await run("login");
  expect([code, err]).toEqual([0, expect.stringContaining("BCDF-GHJK")]);
  expect(err).toContain(`${process.env.CREEL_URL}/device`);
  expect(out).toContain("as ada@acme.example in Acme");
  expect(out + err).not.toContain(TOKEN);
  expect(out + err).not.toContain(begun.deviceCode);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(asked.map(({ path, token }) => [path, token])).toEqual([
    ["POST /api/v1/device/code", undefined],
    ["POST /api/v1/device/token", undefined],
    ["POST /api/v1/device/token", undefined],
  ]);
});

test("the login is used where it belongs, goes behind CREEL_TOKEN, and is sent to no other address", async () => {
  await signIn();
  answers = [ok({ items: [] }), ok({ items: [] })];
  expect((await run("member", "ls")).code).toBe(0);
  process.env.CREEL_TOKEN = "creel_other";
  await run("member", "ls");
  expect(asked.map(({ token }) => token)).toEqual([`Bearer ${TOKEN}`, "Bearer creel_other"]);
  delete process.env.CREEL_TOKEN;
  const url = process.env.CREEL_URL;
  process.env.CREEL_URL = "http://127.0.0.1:9";
  const { code, err } = await run("member", "ls");
  process.env.CREEL_URL = url;
  expect([code, err]).toEqual([2, expect.stringContaining("creel login")]);
});

test("signing out ends the token at the server and forgets it here, also where it ended before", async () => {
  await signIn();
  answers = [ok({ ok: true })];
  expect(await run("logout")).toMatchObject({ code: 0 });
  expect(asked).toMatchObject([
    { path: "DELETE /api/v1/tokens/00000000-0000-4000-8000-000000000001", token: `Bearer ${TOKEN}` },
  ]);
  expect(existsSync(file)).toBe(false);
  await signIn();
  answers = [{ status: 401, body: { code: "unauthenticated", detail: "no" } }];
  expect((await run("logout")).code).toBe(0);
  await signIn();
  answers = [{ status: 500, body: {} }];
  const failed = await run("logout");
  expect([failed.code, failed.err]).toEqual([1, expect.stringContaining("2099-01-01")]);
  expect(existsSync(file)).toBe(false);
});

test("a new login ends the one before", async () => {
  await signIn();
  answers = [ok(begun), ok(approved({ token: "creel_second" })), ok({ ok: true })];
  expect((await run("login")).code).toBe(0);
  expect(asked.at(-1)).toMatchObject({ path: expect.stringMatching(/^DELETE /), token: `Bearer ${TOKEN}` });
  expect(JSON.parse(readFileSync(file, "utf8")).token).toBe("creel_second");
});

test.each([
  ["denied", 3],
  ["expired", 1],
])("a code that is %s leaves no login", async (status, code) => {
  answers = [ok(begun), ok({ status })];
  expect((await run("login")).code).toBe(code);
  expect(existsSync(file)).toBe(false);
});

test("an ended login says so before anything is asked", async () => {
  answers = [ok(begun), ok(approved({ expiresAt: "2020-01-01T00:00:00.000Z" }))];
  await run("login");
  asked.length = 0;
  const { code, err } = await run("member", "ls");
  expect([code, asked, err]).toEqual([1, [], expect.stringContaining("creel login")]);
});

test("no login over a plain connection, nor to a page or by a code that steers the terminal", async () => {
  expect((await run("login", "--url", "http://creel.example.com")).code).toBe(2);
  expect((await run("login", "--url", "http://127.0.0.1.evil.example")).code).toBe(2);
  for (const wrong of [{ page: "//evil.example/device" }, { userCode: "\u001b[2J" }]) {
    answers = [ok({ ...begun, ...wrong })];
    expect((await run("login")).code).toBe(1);
  }
});

test("what is said of this machine is letters that the server takes", () => {
  expect(ownName("Ada's MacBook Pro.local")).toBe("Ada-s-MacBook-Pro.local");
  expect(ownName("--")).toBe("this-computer");
  expect(ownName("h".repeat(99))).toHaveLength(48);
});
