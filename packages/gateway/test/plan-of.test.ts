import { withExceptions } from "@creel/policy";
import { expect, test } from "vitest";
import { planOf } from "../src/judgeConnection.ts";
import { CURL, inForce } from "./support/world.ts";

const NOON_MS = Date.parse("2026-05-03T12:00:00Z");

const policyOf = (endpoint: string) =>
  inForce(`version: 1
network_policies:
  api:
    endpoints: [${endpoint}]
    binaries: [{path: /usr/bin/curl}]
    expires_at: "2026-05-03T12:00:01Z"
`).policy;

test("what is planned for an open connection is asked anew of a new policy, in the same moment too", () => {
  const connection = { identity: CURL, host: "api.example.com", port: 443 };
  const allowing = policyOf("{host: api.example.com, port: 443}");
  const other = policyOf("{host: other.example.com, port: 443}");
  expect(planOf(allowing, connection, NOON_MS)).not.toBeNull();
  expect(planOf(other, connection, NOON_MS)).toBeNull();
  expect(planOf(allowing, connection, NOON_MS)).not.toBeNull();
});

test("an entry that has ended plans nothing for a connection that it planned before", () => {
  const connection = { identity: CURL, host: "api.example.com", port: 443 };
  const policy = policyOf("{host: api.example.com, port: 443}");
  expect(planOf(policy, connection, NOON_MS + 999)).not.toBeNull();
  expect(planOf(policy, connection, NOON_MS + 1000)).toBeNull();
});

test("an exception for once that was used up in the same moment plans nothing, but for the connection that used it", () => {
  const ID = "00000000-0000-4000-8000-000000000001";
  let spent = false;
  const once = { id: ID, binary: CURL.path, host: "once.example.com", port: 443, once: true };
  const policy = withExceptions(
    policyOf("{host: api.example.com, port: 443}"),
    [{ ...once, endsAtMs: NOON_MS + 60_000 }],
    { isSpent: () => spent },
  );
  const held: string[] = [];
  const connection = { identity: CURL, host: "once.example.com", port: 443, held };
  expect(planOf(policy, connection, NOON_MS)).not.toBeNull();
  spent = true;
  expect(planOf(policy, connection, NOON_MS)).toBeNull();
  held.push(ID);
  expect(planOf(policy, connection, NOON_MS)).not.toBeNull();
});
