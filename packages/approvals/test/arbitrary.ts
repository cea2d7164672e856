import fc from "fast-check";
import type { Ballot, Person, Quorum, Reviewer, Rule, Vote } from "../src/index.ts";

export const ids = ["ada", "ben", "cleo", "dan", "eve"];
const roles = ["approver", "owner"];
const teams = ["red", "blue", "green"];

const reviewer: fc.Arbitrary<Reviewer> = fc.oneof(
  fc.record({ role: fc.constantFrom(...roles) }),
  fc.record({ team: fc.constantFrom(...teams) }),
  fc.record({ person: fc.constantFrom(...ids) }),
  fc.record({ permission: fc.constant("change:approve") }),
);
const quorum: fc.Arbitrary<Quorum> = fc.record({
  atLeast: fc.integer({ min: 1, max: 3 }),
  of: fc.array(reviewer, { minLength: 1, maxLength: 2 }),
  distinctTeams: fc.boolean(),
});
export const rule: fc.Arbitrary<Rule> = fc.oneof(
  { weight: 2, arbitrary: quorum },
  { weight: 1, arbitrary: fc.record({ all: fc.array(quorum, { minLength: 1, maxLength: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ any: fc.array(quorum, { minLength: 1, maxLength: 2 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      all: fc.tuple(quorum, fc.record({ any: fc.array(quorum, { minLength: 1, maxLength: 2 }) })),
    }),
  },
);
export const steps = fc.array(rule, { minLength: 1, maxLength: 2 });

const person = (id: string): fc.Arbitrary<Person> =>
  fc.record({
    id: fc.constant(id),
    roles: fc.subarray(roles),
    teams: fc.subarray(teams),
    permissions: fc.subarray(["change:approve"]),
    mayApprove: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  });

export const ballot: fc.Arbitrary<Ballot> = fc
  .tuple(
    fc.tuple(...ids.map(person)),
    fc.shuffledSubarray(ids, { minLength: 1 }),
    fc.subarray(ids, { maxLength: 1 }),
    fc.shuffledSubarray(ids),
    fc.array(fc.record({ from: fc.constantFrom(...ids), to: fc.constantFrom(...ids) }), { maxLength: 3 }),
  )
  .map(([people, members, barred, voters, delegations]) => ({
    people: people.filter(({ id }) => members.includes(id)),
    barred,
    votes: voters.map((voter, order): Vote => ({ voter, verdict: "approve", order })),
    delegations,
  }));
