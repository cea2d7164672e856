import { CreelError, errorStatus, notFound } from "@creel/core";
import { TRPCError } from "@trpc/server";
import { describe, expect, it } from "vitest";
import { problemResponse } from "../src/server/errors/problem.ts";
import { publicErrorOf, toTrpcError } from "../src/server/errors/trpc-error.ts";

const SECRET = "password=hunter2 at /srv/creel/db.ts";
const codes = Object.keys(errorStatus) as (keyof typeof errorStatus)[];

describe("an error that nobody foresaw says nothing of itself", () => {
  it("over REST", async () => {
    const response = problemResponse(new Error(SECRET), "request-1");
    expect(response.status).toBe(500);
    expect(await response.text()).not.toMatch(/hunter2|srv/);
  });
  it("over tRPC", () => {
    expect(JSON.stringify(publicErrorOf(toTrpcError(new Error(SECRET))))).not.toMatch(/hunter2|srv/);
  });
  it("also when tRPC itself failed with a telling text", () => {
    const error = new TRPCError({ code: "BAD_REQUEST", message: SECRET });
    expect(publicErrorOf(error).message).not.toMatch(/hunter2/);
  });
});

describe("every code of core has one meaning on each transport", () => {
  it.each(codes)("%s keeps its status and its code", async (code) => {
    const error = new CreelError(code, "What to do about it.");
    const response = problemResponse(error, "request-1");
    expect(response.status).toBe(errorStatus[code]);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ code, status: errorStatus[code], detail: "What to do about it." });
    expect(publicErrorOf(toTrpcError(error)).code).toBe(code);
  });
});

describe("what one may not see and what does not exist", () => {
  it("answer byte for byte the same, whichever request asked", async () => {
    const one = await problemResponse(notFound(), "request-1").text();
    const other = await problemResponse(notFound(), "request-2").text();
    expect(one).toBe(other);
  });
});

it("who is asked to come again is told in how many seconds, and nobody else is", () => {
  const busy = problemResponse(new CreelError("unavailable", "Too much waits.", { retryAfterSeconds: 5 }), "r");
  expect([busy.status, busy.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(problemResponse(new CreelError("unavailable", "Not here."), "r").headers.get("retry-after")).toBeNull();
});
