/**
 * Threat: a vote that counts though its giver made the change, has left, lost the right, or lends a standing that is not his.
 * Invariant: a person counts once, with his own standing or one lent by somebody who could have voted and has not.
 */
import type { Ballot, Person, Reviewer, Vote } from "./types.ts";

/** Why a vote does not count. */
export type Discount = "barred" | "not_member" | "no_right";

export interface Standing {
  /** Everybody who may count, by id, with what was lent to them. */
  eligible: ReadonlyMap<string, Person>;
  /** The votes of these, in order. */
  votes: readonly Vote[];
  discounted: readonly { voter: string; why: Discount }[];
}

export function standingOf(ballot: Ballot): Standing {
  const barred = new Set(ballot.barred);
  const members = new Map(ballot.people.map((person) => [person.id, person]));
  const voted = new Set(ballot.votes.map((vote) => vote.voter));
  const eligible = new Map<string, Person>();
  for (const person of ballot.people) {
    if (barred.has(person.id)) continue;
    // No chains: what was lent to somebody is not theirs to lend on.
    const lenders = ballot.delegations
      .filter(({ from, to }) => to === person.id && from !== to && !barred.has(from) && !voted.has(from))
      .flatMap(({ from }) => members.get(from) ?? [])
      .filter((lender) => lender.mayApprove);
    const able = lenders.reduce(withLent, person);
    if (able.mayApprove) eligible.set(able.id, able);
  }
  const votes: Vote[] = [];
  const discounted: { voter: string; why: Discount }[] = [];
  for (const vote of [...ballot.votes].sort((a, b) => a.order - b.order)) {
    if (eligible.has(vote.voter)) votes.push(vote);
    else discounted.push({ voter: vote.voter, why: discountOf(vote.voter, barred, members) });
  }
  return { eligible, votes, discounted };
}

const withLent = (person: Person, lender: Person): Person => ({
  ...person,
  roles: [...person.roles, ...lender.roles],
  teams: [...person.teams, ...lender.teams],
  permissions: [...person.permissions, ...lender.permissions],
  mayApprove: true,
});

function discountOf(voter: string, barred: ReadonlySet<string>, members: ReadonlyMap<string, Person>): Discount {
  if (barred.has(voter)) return "barred";
  return members.has(voter) ? "no_right" : "not_member";
}

/** A standing that was lent does not make somebody the person a rule names. */
export function accepts(reviewers: readonly Reviewer[], person: Person): boolean {
  return reviewers.some((reviewer) => {
    if ("role" in reviewer) return person.roles.includes(reviewer.role);
    if ("team" in reviewer) return person.teams.includes(reviewer.team);
    if ("permission" in reviewer) return person.permissions.includes(reviewer.permission);
    return person.id === reviewer.person;
  });
}
