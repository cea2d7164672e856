import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { policyWorkshop } from "./policy-support.ts";

const shop = policyWorkshop();
/** Whatever arrives here is one request too many. */
const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  response.statusCode = 500;
  response.end();
});
const before = { url: process.env.CREEL_URL, token: process.env.CREEL_TOKEN };
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  process.env.CREEL_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env.CREEL_TOKEN = "creel_test";
});
afterAll(async () => {
  for (const [name, value] of [["CREEL_URL", before.url] as const, ["CREEL_TOKEN", before.token] as const])
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  await new Promise((resolve) => server.close(resolve));
});

describe("a kill that is not said clearly reaches no server", () => {
  it.each<[string[], RegExp]>([
    [["kill"], /name one sandbox, or give --all/],
    [["kill", "one", "--all", "--yes"], /name one sandbox, or give --all/],
    [["kill", "one", "--node", "local"], /--node goes with --all/],
    [["kill", "--node", "local"], /name one sandbox, or give --all/],
    [["kill", "one", "two"], /too many arguments/],
    [["kill", "one", "--reason"], /argument missing/],
    [["kill", "one", "--now"], /unknown option/],
    [["kill", ""], /no name of a sandbox/],
    [["kill", ".."], /no name of a sandbox/],
    [["kill", "."], /no name of a sandbox/],
    [["quarantine"], /missing required argument/],
    [["quarantine", ".."], /no name of a sandbox/],
    [["quarantine", "one", "--all"], /unknown option/],
    [["release", "--reason", "looked at"], /missing required argument/],
    [["release", "one"], /--reason/],
    [["release", "..", "--reason", "looked at"], /no name of a sandbox/],
    [["stop", ".."], /no name of a sandbox/],
    [["restart", "a/../b"], /no name of a sandbox/],
    [["logs", "?x"], /no name of a sandbox/],
    [["exec", "..", "--", "true"], /no name of a sandbox/],
  ])("%j", async (args, said) => {
    const { code, out, err } = await shop.creel(["sandbox", ...args]);
    expect(err).toMatch(said);
    expect(out).toBe("");
    expect(code).toBe(2);
    expect(asked).toEqual([]);
  });
});
