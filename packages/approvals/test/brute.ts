/**
 * Counts a second time by trying everything: every place each voter may speak for, every cut between steps and every way to give
 * voters to quorums.
 */
import type { ApprovalSpec, Ballot, Person, Quorum, Reviewer, Rule } from "../src/index.ts";

type Seats = ReadonlyMap<Quorum, readonly Person[]>;

const isOne = (of: readonly Reviewer[], who: Person): boolean =>
  of.some((r) => {
    if ("role" in r) return who.roles.includes(r.role);
    if ("team" in r) return who.teams.includes(r.team);
    if ("permission" in r) return who.permissions.includes(r.permission);
    return who.id === r.person;
  });

/** Can each of these be given a team of theirs, no team twice? */
function teamsDiffer(people: readonly Person[], taken: readonly string[] = []): boolean {
  const [who, ...rest] = people;
  if (who === undefined) return true;
  return who.teams.some((team) => !taken.includes(team) && teamsDiffer(rest, [...taken, team]));
}

function holds(rule: Rule, seats: Seats): boolean {
  if ("all" in rule) return rule.all.every((each) => holds(each, seats));
  if ("any" in rule) return rule.any.some((each) => holds(each, seats));
  const here = seats.get(rule) ?? [];
  return (
    here.length === rule.atLeast &&
    here.every((who) => isOne(rule.of, who)) &&
    (rule.distinctTeams !== true || teamsDiffer(here))
  );
}

const leaves = (rule: Rule): Quorum[] =>
  "atLeast" in rule ? [rule] : ("all" in rule ? rule.all : rule.any).flatMap(leaves);

function someSeating(rule: Rule, people: readonly Person[], seats: Seats = new Map()): boolean {
  const [who, ...rest] = people;
  if (who === undefined) return holds(rule, seats);
  if (someSeating(rule, rest, seats)) return true;
  return leaves(rule).some((leaf) =>
    someSeating(rule, rest, new Map(seats).set(leaf, [...(seats.get(leaf) ?? []), who])),
  );
}

function someCut(steps: readonly Rule[], people: readonly Person[]): boolean {
  const [step, ...rest] = steps;
  if (step === undefined) return true;
  for (let end = 0; end <= people.length; end++)
    if (someSeating(step, people.slice(0, end)) && someCut(rest, people.slice(end))) return true;
  return false;
}

export function bruteSatisfied(spec: Pick<ApprovalSpec, "steps">, ballot: Ballot): boolean {
  const votes = ballot.votes.filter(({ verdict }) => verdict === "approve").sort((a, b) => a.order - b.order);
  const able = ballot.people.filter(({ id, mayApprove }) => mayApprove && !ballot.barred.includes(id));
  const people = votes.flatMap(({ voter }) => able.filter(({ id }) => id === voter));
  const spokenFor = people.map((who) => [
    who,
    ...able
      .filter((lender) => lender !== who && !ballot.votes.some(({ voter }) => voter === lender.id))
      .filter((lender) => {
        const lent = ballot.delegations.filter(({ from }) => from === lender.id);
        return lent.length === 1 && lent[0]?.to === who.id;
      })
      .map((lender) => ({ ...lender, permissions: [] })),
  ]);
  return spec.steps.length > 0 && each(spokenFor).some((places) => someCut(spec.steps, places));
}

/** One of each, in every way. */
const each = (choices: readonly (readonly Person[])[]): Person[][] =>
  choices.reduce<Person[][]>((sofar, next) => sofar.flatMap((left) => next.map((who) => [...left, who])), [[]]);
