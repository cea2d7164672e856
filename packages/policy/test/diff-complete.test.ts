/** Every claim of a diff holds and none is missing, against brute force over a finite universe. */
import { describe, it } from "vitest";
import { holdsFor } from "./diff-check.ts";
import {
  bodyWorld,
  inferencePairs,
  inferenceRequests,
  mixedWorld,
  policyPairs,
  queryPairs,
  queryRequests,
  requests,
  restWorld,
} from "./diff-universe.ts";

describe("a diff is complete and claims nothing else", () => {
  it(
    "for HTTP: methods, paths, queries, headers, sizes, addresses, callers, expiry, middlewares",
    () => holdsFor(policyPairs(restWorld), requests),
    600_000,
  );
  it("for rules that speak of the query alone", () => holdsFor(queryPairs, queryRequests), 600_000);
  it(
    "for calls and operations: MCP tools and arguments, GraphQL, WebSocket",
    () => holdsFor(policyPairs(bodyWorld), requests),
    600_000,
  );
  it("for all of it at one place", () => holdsFor(policyPairs(mixedWorld), requests), 600_000);
  it(
    "for the model host: sections, models, programs, and entries that name it",
    () => holdsFor(inferencePairs, inferenceRequests),
    600_000,
  );
});
