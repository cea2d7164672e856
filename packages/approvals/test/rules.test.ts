import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  approvalSpecSchema,
  CHOICES_MAX,
  changeEvents,
  changeStates,
  describeSelector,
  describeSteps,
  frozenUntil,
  isOver,
  next,
  QUORUM_MAX,
  RULE_DEPTH_MAX,
  type Rule,
  refusal,
  SEATS_MAX,
  STEPS_MAX,
  type Subject,
  selects,
  transitions,
} from "../src/index.ts";

const one: Rule = { atLeast: 1, of: [{ role: "approver" }] };
const read = (given: object) => approvalSpecSchema.safeParse({ steps: [one], ...given });

describe("a rule is refused", () => {
  const wide = (n: number, rule: Rule): Rule[] => Array.from({ length: n }, () => rule);
  const deep = (depth: number): Rule => (depth === 0 ? one : { all: [deep(depth - 1)] });
  test.each<[string, object]>([
    ["that asks nobody", { steps: [] }],
    ["whose `all` is empty, which would be satisfied by nothing", { steps: [{ all: [] }] }],
    ["whose `any` is empty", { steps: [{ any: [] }] }],
    ["of zero persons", { steps: [{ atLeast: 0, of: [{ role: "approver" }] }] }],
    ["of half a person", { steps: [{ atLeast: 1.5, of: [{ role: "approver" }] }] }],
    ["of nobody in particular", { steps: [{ atLeast: 1, of: [] }] }],
    ["with a field nobody knows", { steps: [{ ...one, atleast: 2 }] }],
    ["that is two kinds of rule at once", { steps: [{ all: [one], any: [one] }] }],
    ["that is deeper than anybody reads", { steps: [deep(RULE_DEPTH_MAX + 1)] }],
    ["with more steps than there may be", { steps: wide(STEPS_MAX + 1, one) }],
    ["of more persons than a quorum may ask", { steps: [{ ...one, atLeast: QUORUM_MAX + 1 }] }],
    ["of more seats than are matched", { steps: wide(3, { ...one, atLeast: SEATS_MAX / 3 + 1 }) }],
    ["that can be satisfied in too many ways", { steps: wide(2, { any: wide(9, one) }) }],
    [
      "whose freeze ends before it begins",
      { freezes: [{ from: "2026-01-02T00:00:00Z", until: "2026-01-01T00:00:00Z", reason: "x" }] },
    ],
  ])("%s", (_, given) => {
    expect(read(given).success).toBe(false);
  });

  test("only past its bounds: at each bound it is taken", () => {
    expect(CHOICES_MAX).toBe(64);
    for (const steps of [
      [deep(RULE_DEPTH_MAX)],
      wide(STEPS_MAX, one),
      [{ ...one, atLeast: QUORUM_MAX }],
      wide(3, { ...one, atLeast: SEATS_MAX / 3 }),
      wide(2, { any: wide(8, one) }),
    ])
      expect(read({ steps }).success).toBe(true);
  });
});

describe("a selector", () => {
  const subject: Subject = {
    kind: "policy_version",
    risk: "high",
    touches: [{ env: "prod", zone: "eu" }, { env: "dev" }],
  };
  test.each([
    [{}, true],
    [{ kinds: ["policy_version"] }, true],
    [{ kinds: ["role_grant"] }, false],
    [{ riskAtLeast: "high" as const }, true],
    [{ riskAtLeast: "critical" as const }, false],
    [{ labels: { env: ["prod", "staging"] } }, true],
    [{ labels: { env: ["staging"] } }, false],
    // One thing must carry both; two things with one each are not it.
    [{ labels: { env: ["dev"], zone: ["eu"] } }, false],
    [{ labels: { constructor: ["x"] } }, false],
    [{ kinds: ["policy_version"], labels: { env: ["prod"] }, riskAtLeast: "low" as const }, true],
  ])("%j selects: %s", (selector, expected) => expect(selects(selector, subject)).toBe(expected));
});

test("freezes that touch hold until the last one ends", () => {
  const freeze = (from: string, until: string) => ({
    from: `2026-12-${from}Z`,
    until: `2026-12-${until}Z`,
    reason: "x",
  });
  const specs = [
    { freezes: [freeze("24T00:00:00", "27T00:00:00")] },
    { freezes: [freeze("26T00:00:00", "31T00:00:00"), freeze("10T00:00:00", "11T00:00:00")] },
  ];
  expect(frozenUntil(specs, new Date("2026-12-25T12:00:00Z"))).toEqual(new Date("2026-12-31T00:00:00Z"));
  expect(frozenUntil(specs, new Date("2026-12-11T00:00:00Z"))).toBeNull();
  expect(frozenUntil(specs, new Date("2026-12-31T00:00:00Z"))).toBeNull();
});

describe("what can happen to a change", () => {
  test("ends it for ever: nothing leaves an end", () => {
    const over = changeStates.filter(isOver);
    expect(over).toEqual(["applied", "rejected", "superseded", "expired", "withdrawn", "failed"]);
    for (const state of over) for (const event of changeEvents) expect(refusal(state, event)).toMatch(/^The change/);
  });
  test("applies it only from `approved`, or by breaking the glass", () => {
    const applying = changeStates.flatMap((state) =>
      changeEvents.filter((event) => next(state, event) === "applied").map((event) => `${state} ${event}`),
    );
    expect(applying).toEqual(["open break_glass", "approved apply", "approved break_glass"]);
  });
  test("never leads out of the table", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...changeEvents)), (events) => {
        const end = events.reduce(
          (state, event) => next(state, event) ?? state,
          "open" as (typeof changeStates)[number],
        );
        expect(transitions[end]).toBeDefined();
      }),
    );
  });
});

test("rules read as sentences", () => {
  const steps: Rule[] = [
    { any: [one, { atLeast: 2, of: [{ team: "t1" }, { person: "p1" }], distinctTeams: true }] },
    { all: [one, { any: [one, one] }] },
  ];
  expect(describeSteps(steps, { team: () => "platform", person: () => "ada@acme.example" })).toBe(
    "1 person of role approver or 2 persons of team platform or ada@acme.example, each from another team; then 1 person of role approver and (1 person of role approver or 1 person of role approver)",
  );
  expect(describeSelector({ kinds: ["policy_version"], riskAtLeast: "medium", labels: { env: ["prod"] } })).toBe(
    "changes of policy_version, at risk medium or above, where env is prod",
  );
});
