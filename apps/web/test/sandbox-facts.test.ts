import type { SandboxView } from "@creel/core";
import { type EndCause, endCauses, sandboxEndSchema } from "@creel/protocol";
import { describe, expect, it } from "vitest";
import { endDetail, endText, lastEnds, policyStanding, startFact } from "../src/parts/sandbox-facts.ts";

const NEWEST = `sha256:${"1".repeat(64)}`;
const EARLIER = `sha256:${"2".repeat(64)}`;

const view = (desiredState: SandboxView["desiredState"], phase: string | null, digest: string | null) =>
  ({
    desiredState,
    policyDigest: NEWEST,
    status: phase === null ? null : { phase, policyDigest: digest },
    // The page's own question reads these alone.
  }) as unknown as SandboxView;

describe("what a page says of a sandbox's newest policy", () => {
  it.each([
    ["running", "running", NEWEST, "in force"],
    ["running", "running", EARLIER, "an earlier version is in force"],
    ["running", "starting", null, "not in force yet"],
    ["running", null, null, "not in force yet"],
    // It is meant to run again: the policy is on its way.
    ["running", "exited", null, "not in force yet"],
    // Nothing runs and nothing will, so nothing is pending.
    ["quarantined", "quarantined", null, null],
    ["stopped", "stopped", null, null],
    // Killed, and the node has not been heard yet: what runs is under the earlier one.
    ["quarantined", "running", EARLIER, "an earlier version is in force"],
  ] as const)("meant %s, is %s, digest %s: %j", (desired, phase, digest, said) => {
    expect(policyStanding(view(desired, phase, digest))).toBe(said);
  });
});

const status = (fields: object) =>
  // When it started and how it ended is read of these alone.
  ({ status: { phase: "exited", startedAt: null, ...fields } }) as unknown as SandboxView;
const end = (cause: EndCause, exitCode: number | null, startedAt: string | null = "2026-01-05T10:00:00.000Z") =>
  sandboxEndSchema.parse({ at: "2026-01-05T10:05:00.000Z", startedAt, cause, exitCode, reason: "" });

describe("when a sandbox started, as a page says it", () => {
  it("is what runs", () => {
    const at = "2026-01-05T11:00:00.000Z";
    const running = status({ phase: "running", startedAt: at, ends: [end("exit", 1)] });
    expect(startFact(running)).toEqual({ term: "Started", at });
  });
  it("is what ran last where nothing runs, from its newest end", () => {
    const earlier = end("exit", 0, "2026-01-04T10:00:00.000Z");
    expect(startFact(status({ ends: [end("memory", 137), earlier] }))).toEqual({
      term: "Last started",
      at: "2026-01-05T10:00:00.000Z",
    });
  });
  it("is what ran last while it waits for its next try", () => {
    const at = "2026-01-05T11:00:00.000Z";
    expect(startFact(status({ phase: "waiting", startedAt: at }))).toEqual({ term: "Last started", at });
  });
  it("is never where nothing ran", () => {
    expect(startFact(status({ ends: [] }))).toEqual({ term: "Started", at: null });
    expect(startFact(status({}))).toEqual({ term: "Started", at: null });
    expect(startFact(view("running", null, null))).toEqual({ term: "Started", at: null });
    // It was told to start and could not.
    expect(startFact(status({ ends: [end("exit", null, null)] }))).toEqual({ term: "Started", at: null });
  });
});

describe("how a sandbox ended, as a page says it", () => {
  it("is each of its last ends, in the node's order", () => {
    const ends = [end("killed", null), end("exit", 2)];
    expect(lastEnds(status({ ends })).map(endText)).toEqual(["killed", "ended by itself, exit code 2"]);
    expect(lastEnds(status({}))).toEqual([]);
    expect(lastEnds(view("running", null, null))).toEqual([]);
  });
  it("comes with the node's sentence where that names the limit", () => {
    const reason = "Ended: it used more than 64 MiB of memory.";
    expect(endDetail({ cause: "memory", reason })).toBe(reason);
    expect(endDetail({ cause: "memory", reason: "" })).toBeNull();
    expect(endDetail({ cause: "exit", reason: "The agent ended with code 2." })).toBeNull();
  });
  it("has words of its own for each cause", () => {
    const texts = endCauses.map((cause) => endText({ cause, exitCode: null }));
    expect(new Set(texts).size).toBe(endCauses.length);
  });
});
