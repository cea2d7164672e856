import type { SandboxView } from "@creel/core";
import { describe, expect, it } from "vitest";
import { policyStanding } from "../src/parts/sandbox-facts.ts";

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
