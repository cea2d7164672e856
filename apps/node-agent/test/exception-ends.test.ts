import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePolicy, policyDigest } from "@creel/policy";
import { type DesiredException, type DesiredState, desiredStateSchema, limitsSchema } from "@creel/protocol";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { judgeDesired, loadDesired, saveDesired } from "../src/desired-store.ts";
import { exceptionEnds, servedExceptions } from "../src/exception-ends.ts";
import { openSteadyClock } from "../src/steady-clock.ts";

const dir = mkdtempSync(join(tmpdir(), "creel-ends-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const AT = Date.parse("2026-03-01T12:00:00Z");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const YAML = "version: 1\n";
const { policy } = parsePolicy(YAML);
if (!policy) throw new Error("the test's policy must parse");
const digest = policyDigest(policy);
const exception = (more: Partial<DesiredException> = {}): DesiredException => ({
  id: "11111111-1111-4111-8111-111111111111",
  binary: "/usr/bin/curl",
  host: "api.example.com",
  port: 443,
  createdAt: new Date(AT).toISOString(),
  until: new Date(AT + HOUR).toISOString(),
  once: false,
  ...more,
});
const { id } = exception();
const plan = (generation: number, exceptions: DesiredException[]): DesiredState => ({
  planId: randomUUID(),
  generation,
  parent: generation - 1,
  sandboxes: [
    {
      id: "3a0d4c7e-6f1b-4b0a-8d9c-7e5f6a1b2c14",
      name: "demo",
      state: "running",
      incarnation: 0,
      agent: { plugin: "command", command: ["true"] },
      restart: { policy: "never", delayMs: 0 },
      limits: limitsSchema.parse({}),
      policy: { digest, version: 1, yaml: YAML },
      exceptions,
    },
  ],
});
const NONE = new Map<string, number>();

describe("an exception ends", () => {
  it("at the instant it names, on a host whose clock is right or ahead", () => {
    expect(exceptionEnds(plan(1, [exception()]), NONE, AT + 5 * MINUTE).get(id)).toBe(AT + HOUR);
    expect(exceptionEnds(plan(1, [exception()]), NONE, AT + 3 * HOUR).get(id)).toBe(AT + HOUR);
  });

  it("after its own length, on a host whose clock is hours behind", () => {
    const received = AT - 5 * HOUR;
    expect(exceptionEnds(plan(1, [exception()]), NONE, received).get(id)).toBe(received + HOUR);
  });

  it("no later because the plan comes again, or says a later end", () => {
    const received = AT - 5 * HOUR;
    const first = exceptionEnds(plan(1, [exception()]), NONE, received);
    const later = exception({ until: new Date(AT + 9 * HOUR).toISOString() });
    for (const again of [exception(), later])
      expect(exceptionEnds(plan(2, [again]), first, received + 40 * MINUTE).get(id)).toBe(received + HOUR);
  });

  it("sooner when a later plan says so", () => {
    const first = exceptionEnds(plan(1, [exception()]), NONE, AT);
    const sooner = exception({ until: new Date(AT + MINUTE).toISOString() });
    expect(exceptionEnds(plan(2, [sooner]), first, AT).get(id)).toBe(AT + MINUTE);
  });

  it("at once when its end lies before its beginning", () => {
    const backwards = exception({ until: new Date(AT - MINUTE).toISOString() });
    expect(exceptionEnds(plan(1, [backwards]), NONE, AT - 5 * HOUR).get(id)).toBe(AT - 5 * HOUR);
  });

  it("after a week at the latest, whatever it claims", () => {
    const long = exception({ until: new Date(AT + 1000 * HOUR).toISOString() });
    expect(exceptionEnds(plan(1, [long]), NONE, AT).get(id)).toBe(AT + 7 * 24 * HOUR);
  });

  it("never later than length or instant, for any clock and any number of plans", () => {
    const steps = fc.array(fc.record({ pass: fc.nat(10 * HOUR), until: fc.integer({ min: -HOUR, max: 100 * HOUR }) }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(fc.integer({ min: -100 * HOUR, max: 100 * HOUR }), steps, (skew, all) => {
        let now = AT + skew;
        const received = now + (all[0]?.pass ?? 0);
        let ends: ReadonlyMap<string, number> = NONE;
        for (const { pass, until } of all) {
          now += pass;
          ends = exceptionEnds(plan(1, [exception({ until: new Date(AT + until).toISOString() })]), ends, now);
          expect(ends.get(id)).toBeLessThanOrEqual(AT + until);
        }
        const firstLength = Math.max(0, all[0]?.until ?? 0);
        expect(ends.get(id)).toBeLessThanOrEqual(received + firstLength);
      }),
    );
  });
});

describe("over restarts", () => {
  it("the end that was found stays, and a clock that was set back meanwhile changes nothing", async () => {
    const path = join(dir, "desired.json");
    const clockFile = join(dir, "clock.json");
    let wall = AT - 5 * HOUR;
    let elapsed = 0;
    const open = () =>
      openSteadyClock({ path: clockFile, wall: () => wall, elapsed: () => elapsed, onSetBack: () => undefined });
    const before = await open();
    const judged = judgeDesired(plan(1, [exception()]), { inForce: null, nowMs: before.now() });
    if (!judged.ok) throw new Error(judged.reason);
    await saveDesired(path, judged.accepted);
    wall += 50 * MINUTE;
    elapsed += 50 * MINUTE;
    await before.save();
    // The host starts again, and its clock stands a day back.
    wall -= 24 * HOUR;
    elapsed = 0;
    const after = await open();
    const loaded = await loadDesired(path, after.now());
    expect(loaded?.accepted.exceptionEnds.get(id)).toBe(AT - 4 * HOUR);
    elapsed += 10 * MINUTE;
    wall += 10 * MINUTE;
    expect(after.now()).toBeGreaterThanOrEqual(AT - 4 * HOUR);
  });

  it("a plan of before this field has no exceptions, and one on disk without ends gets them anew", async () => {
    const path = join(dir, "older.json");
    const { sandboxes, ...state } = plan(1, [exception()]);
    const { writeFileSync } = await import("node:fs");
    writeFileSync(path, JSON.stringify({ ...state, sandboxes }));
    expect((await loadDesired(path, AT - 5 * HOUR))?.accepted.exceptionEnds.get(id)).toBe(AT - 4 * HOUR);
  });
});

describe("an older generation", () => {
  it("that still names an exception does not bring it back", () => {
    const first = judgeDesired(plan(1, [exception()]), { inForce: null, nowMs: AT });
    if (!first.ok) throw new Error(first.reason);
    const second = judgeDesired(plan(2, []), { inForce: first.accepted, nowMs: AT });
    if (!second.ok) throw new Error(second.reason);
    expect(second.accepted.exceptionEnds.size).toBe(0);
    expect(judgeDesired(plan(1, [exception()]), { inForce: second.accepted, nowMs: AT })).toMatchObject({ ok: false });
  });
});

describe("what the gateway is given", () => {
  it("is the exception with its end here, and nothing of one whose end is not known", () => {
    const [sandbox] = desiredStateSchema.parse(plan(1, [exception()])).sandboxes;
    const { createdAt: _createdAt, until: _until, ...scope } = exception();
    expect(servedExceptions(sandbox?.exceptions, new Map([[id, 5]]))).toEqual([{ ...scope, endsAtMs: 5 }]);
    expect(servedExceptions(sandbox?.exceptions, NONE)).toEqual([]);
    expect(servedExceptions(undefined, NONE)).toEqual([]);
  });
});
