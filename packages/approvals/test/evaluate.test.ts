import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Ballot, evaluate, type Person, type Rule, type Vote } from "../src/index.ts";
import * as any from "./arbitrary.ts";
import { bruteSatisfied } from "./brute.ts";

const who = (id: string, rest: Partial<Person> = {}): Person => ({
  id,
  roles: ["approver"],
  teams: [],
  permissions: [],
  mayApprove: true,
  ...rest,
});
const yes = (voter: string, order: number): Vote => ({ voter, verdict: "approve", order });
const no = (voter: string, order: number): Vote => ({ voter, verdict: "reject", order });
const ballotOf = (people: Person[], votes: Vote[], rest: Partial<Ballot> = {}): Ballot => ({
  people,
  votes,
  barred: [],
  delegations: [],
  ...rest,
});
const approvers = (atLeast: number, more = {}): Rule => ({ atLeast, of: [{ role: "approver" }], ...more });
const judge = (steps: Rule[], ballot: Ballot, veto: "reviewers" | "nobody" = "reviewers") =>
  evaluate({ steps, veto }, ballot);

describe("the evaluator agrees with one that tries every seating", () => {
  test("for every rule, ballot and order of votes", () => {
    fc.assert(
      fc.property(any.steps, any.ballot, (steps, ballot) => {
        const { state } = evaluate({ steps, veto: "nobody" }, ballot);
        expect(state === "satisfied").toBe(bruteSatisfied({ steps }, ballot));
      }),
      { numRuns: 1500 },
    );
  });

  test("and no vote of somebody barred, gone or without the right ever changes the answer", () => {
    fc.assert(
      fc.property(any.steps, any.ballot, (steps, ballot) => {
        const counts = ({ voter }: Vote): boolean =>
          !ballot.barred.includes(voter) && ballot.people.some(({ id, mayApprove }) => id === voter && mayApprove);
        const cleaned = { ...ballot, votes: ballot.votes.filter(counts) };
        expect(judge(steps, ballot).state).toBe(judge(steps, cleaned).state);
      }),
    );
  });

  test("and one approval more never takes a satisfied step away", () => {
    fc.assert(
      fc.property(any.rule, any.ballot, (rule, ballot) => {
        fc.pre(judge([rule], ballot).state === "satisfied");
        const late = any.ids.filter((id) => !ballot.votes.some(({ voter }) => voter === id));
        const votes = [...ballot.votes, ...late.map((id, index) => yes(id, 100 + index))];
        expect(judge([rule], { ...ballot, votes }).state).toBe("satisfied");
      }),
    );
  });
});

describe("a person", () => {
  test("fills one seat only, even where two quorums would take them", () => {
    const both = who("ada", { roles: ["approver", "owner"] });
    const rule: Rule = { all: [approvers(1), { atLeast: 1, of: [{ role: "owner" }] }] };
    expect(judge([rule], ballotOf([both, who("ben")], [yes("ada", 1)])).state).toBe("open");
    expect(judge([rule], ballotOf([both, who("ben")], [yes("ada", 1), yes("ben", 2)])).state).toBe("satisfied");
  });

  test("who made or edited the change never counts, not even as a veto", () => {
    const people = [who("ada"), who("ben")];
    const seen = judge([approvers(1)], ballotOf(people, [yes("ada", 1)], { barred: ["ada"] }));
    expect(seen).toMatchObject({ state: "open", uncounted: [{ voter: "ada", why: "barred" }] });
    expect(judge([approvers(1)], ballotOf(people, [no("ada", 1)], { barred: ["ada"] })).state).toBe("open");
  });

  test("who left or lost the right counts no longer", () => {
    const votes = [yes("ada", 1), yes("ben", 2)];
    const seen = judge([approvers(2)], ballotOf([who("ben", { mayApprove: false })], votes));
    expect(seen.uncounted).toEqual([
      { voter: "ada", why: "not_member" },
      { voter: "ben", why: "no_right" },
    ]);
  });

  test("counts once however often the vote is in the list", () => {
    expect(judge([approvers(2)], ballotOf([who("ada")], [yes("ada", 1), yes("ada", 2)])).state).toBe("open");
  });
});

describe("teams", () => {
  const rule = approvers(2, { distinctTeams: true });
  test("that must differ are not filled twice by one team", () => {
    const people = [who("ada", { teams: ["red"] }), who("ben", { teams: ["red"] })];
    expect(judge([rule], ballotOf(people, [yes("ada", 1), yes("ben", 2)])).state).toBe("open");
  });
  test("of one person are tried all, so nobody is left out by which came first", () => {
    const people = [who("ada", { teams: ["red", "blue"] }), who("ben", { teams: ["red"] })];
    expect(judge([rule], ballotOf(people, [yes("ada", 1), yes("ben", 2)])).state).toBe("satisfied");
  });
});

describe("steps", () => {
  const steps: Rule[] = [approvers(1), { atLeast: 1, of: [{ role: "owner" }] }];
  const people = [who("ada"), who("olga", { roles: ["owner"] })];
  test("count a vote only when it was given in its turn", () => {
    const early = judge(steps, ballotOf(people, [yes("olga", 1), yes("ada", 2)]));
    expect(early).toMatchObject({ state: "open", uncounted: [{ voter: "olga", why: "early" }] });
    expect(early.steps.map(({ state }) => state)).toEqual(["done", "due"]);
    expect(judge(steps, ballotOf(people, [yes("ada", 2), yes("olga", 3)])).state).toBe("satisfied");
  });
  test("that ask nobody satisfy nothing", () => {
    expect(judge([], ballotOf(people, [yes("ada", 1)])).state).toBe("open");
    expect(judge([{ all: [] }], ballotOf(people, [yes("ada", 1)])).state).toBe("open");
  });
});

describe("a rejection", () => {
  test("ends it where the rule names its giver, and elsewhere does not", () => {
    const people = [who("ada"), who("vic", { roles: ["viewer"] })];
    expect(judge([approvers(1)], ballotOf(people, [no("ada", 1)]))).toMatchObject({
      state: "rejected",
      vetoedBy: ["ada"],
    });
    expect(judge([approvers(1)], ballotOf(people, [no("vic", 1)])).state).toBe("open");
    expect(judge([approvers(1)], ballotOf(people, [no("ada", 1)]), "nobody").state).toBe("open");
  });
  test("wins over a rule that is satisfied", () => {
    const people = [who("ada"), who("ben")];
    expect(judge([approvers(1)], ballotOf(people, [yes("ada", 1), no("ben", 2)])).state).toBe("rejected");
  });
});

describe("a delegate", () => {
  const rule: Rule = { atLeast: 1, of: [{ role: "owner" }] };
  const olga = who("olga", { roles: ["owner"], teams: ["red"] });
  const dan = who("dan", { roles: [] });
  const delegations = [{ from: "olga", to: "dan" }];
  test("votes in the place that was lent, and it is said for whom", () => {
    for (const asked of [
      rule,
      ...[{ team: "red" }, { person: "olga" }].map((of): Rule => ({ atLeast: 1, of: [of] })),
    ]) {
      const seen = judge([asked], ballotOf([olga, dan], [yes("dan", 1)], { delegations }));
      expect(seen.state).toBe("satisfied");
      expect(seen.steps[0]?.quorums[0]).toMatchObject({ filledBy: ["dan"], inPlaceOf: { dan: ["olga"] } });
    }
  });
  test("who may not approve borrows no right to", () => {
    const vic = { ...dan, mayApprove: false };
    const seen = judge([rule], ballotOf([olga, vic], [yes("dan", 1)], { delegations }));
    expect(seen).toMatchObject({ state: "open", uncounted: [{ voter: "dan", why: "no_right" }] });
  });
  test("borrows no permission that a rule asks for", () => {
    const may = { ...olga, permissions: ["policy:update"] };
    const asked: Rule = { atLeast: 1, of: [{ permission: "policy:update" }] };
    expect(judge([asked], ballotOf([may, dan], [yes("dan", 1)], { delegations })).state).toBe("open");
  });
  test("of two, whom one person lent the same place, fills nothing with it", () => {
    const two = [...delegations, { from: "olga", to: "eve" }];
    const people = [olga, dan, who("eve", { roles: [] })];
    expect(judge([rule], ballotOf(people, [yes("dan", 1), yes("eve", 2)], { delegations: two })).state).toBe("open");
  });
  test("sits for the team of the place the rule takes, and for no other of theirs", () => {
    const asked: Rule = { atLeast: 2, of: [{ role: "owner" }], distinctTeams: true };
    const red = who("rita", { roles: ["owner"], teams: ["red"] });
    const blue = { ...dan, teams: ["blue"] };
    const votes = [yes("rita", 1), yes("dan", 2)];
    expect(judge([asked], ballotOf([olga, red, blue], votes, { delegations })).state).toBe("open");
  });
  test("who was the lender's choice before it lost the right lends nothing more", () => {
    const gone = { ...olga, mayApprove: false };
    expect(judge([rule], ballotOf([gone, dan], [yes("dan", 1)], { delegations })).state).toBe("open");
  });
  test("and the lender are one standing, not two", () => {
    const votes = [yes("dan", 1), yes("olga", 2)];
    const two: Rule = { atLeast: 2, of: [{ role: "owner" }] };
    expect(judge([two], ballotOf([olga, dan], votes, { delegations })).state).toBe("open");
  });
  test("of the author has nothing: who may not vote cannot lend", () => {
    expect(judge([rule], ballotOf([olga, dan], [yes("dan", 1)], { delegations, barred: ["olga"] })).state).toBe("open");
  });
  test("does not lend on", () => {
    const eve = who("eve", { roles: [] });
    const chain = [...delegations, { from: "dan", to: "eve" }];
    expect(judge([rule], ballotOf([olga, dan, eve], [yes("eve", 1)], { delegations: chain })).state).toBe("open");
  });
  test("who had a part in the change votes for nobody", () => {
    const barred = { delegations, barred: ["dan"] };
    expect(judge([rule], ballotOf([olga, dan], [yes("dan", 1)], barred)).state).toBe("open");
  });
  test("who borrows from two fills one seat", () => {
    const nora = who("nora", { roles: ["owner"] });
    const both = [...delegations, { from: "nora", to: "dan" }];
    const two: Rule = { atLeast: 2, of: [{ role: "owner" }] };
    expect(judge([two], ballotOf([olga, nora, dan], [yes("dan", 1)], { delegations: both })).state).toBe("open");
  });
});

describe("what is missing", () => {
  test("is said with who could fill it, without authors and those who have voted", () => {
    const people = [who("ada"), who("ben"), who("cleo"), who("vic", { roles: [] })];
    const seen = judge([approvers(2)], ballotOf(people, [yes("ben", 1)], { barred: ["ada"] }));
    expect(seen.steps[0]?.quorums[0]).toMatchObject({ filledBy: ["ben"], missing: 1, candidates: ["cleo"] });
    expect(seen.reachable).toBe(true);
  });
  test("is called out of reach where not even everybody would do", () => {
    const people = [who("ada"), who("ben")];
    expect(judge([approvers(2)], ballotOf(people, [], { barred: ["ada"] })).reachable).toBe(false);
  });
});
