/**
 * Threat: a vote that counts though its giver made the change, has left, lost the right, or lends a standing that is not his.
 * Invariant: a person counts once, by a right of his own, in his own place or in the place of somebody who could have voted and has
 * not. What is lent is a place in the rules, never a right, and to one person only.
 */
import type { Ballot, Person, Reviewer, Vote } from "./types.ts";

/** Why a vote does not count. */
export type Discount = "barred" | "not_member" | "no_right";

/** Somebody who may vote, and in whose places besides their own. */
export interface Voter extends Person {
  lent: readonly Person[];
}

export interface Standing {
  /** Everybody who may count, by id, with the places lent to them. */
  eligible: ReadonlyMap<string, Voter>;
  /** The votes of these, in order. */
  votes: readonly Vote[];
  discounted: readonly { voter: string; why: Discount }[];
}

export function standingOf(ballot: Ballot): Standing {
  const barred = new Set(ballot.barred);
  const members = new Map(ballot.people.map((person) => [person.id, person]));
  const voted = new Set(ballot.votes.map((vote) => vote.voter));
  const eligible = new Map<string, Voter>();
  // Lent to two, one place would be filled twice; whose it is then, nobody knows.
  const once = ballot.delegations.filter(({ from }, _, all) => all.filter((other) => other.from === from).length === 1);
  for (const person of ballot.people) {
    if (barred.has(person.id) || !person.mayApprove) continue;
    // No chains: what was lent to somebody is not theirs to lend on.
    const lent = once
      .filter(({ from, to }) => to === person.id && from !== to && !barred.has(from) && !voted.has(from))
      .flatMap(({ from }) => members.get(from) ?? [])
      .filter((lender) => lender.mayApprove)
      .map((lender) => ({ ...lender, permissions: [] }));
    eligible.set(person.id, { ...person, lent });
  }
  const votes: Vote[] = [];
  const discounted: { voter: string; why: Discount }[] = [];
  for (const vote of [...ballot.votes].sort((a, b) => a.order - b.order)) {
    if (eligible.has(vote.voter)) votes.push(vote);
    else discounted.push({ voter: vote.voter, why: discountOf(vote.voter, barred, members) });
  }
  return { eligible, votes, discounted };
}

function discountOf(voter: string, barred: ReadonlySet<string>, members: ReadonlyMap<string, Person>): Discount {
  if (barred.has(voter)) return "barred";
  return members.has(voter) ? "no_right" : "not_member";
}

/** In which of their places these reviewers take somebody: their own, or those lent to them. */
export const placesOf = (reviewers: readonly Reviewer[], voter: Voter): readonly Person[] =>
  [voter, ...voter.lent].filter((place) => isNamed(reviewers, place));

export const accepts = (reviewers: readonly Reviewer[], voter: Voter): boolean => placesOf(reviewers, voter).length > 0;

/** For whom somebody would fill a place whom these reviewers do not take in their own. */
export const inPlaceOf = (reviewers: readonly Reviewer[], voter: Voter): readonly string[] => {
  const places = placesOf(reviewers, voter).map(({ id }) => id);
  return places.includes(voter.id) ? [] : places;
};

function isNamed(reviewers: readonly Reviewer[], person: Person): boolean {
  return reviewers.some((reviewer) => {
    if ("role" in reviewer) return person.roles.includes(reviewer.role);
    if ("team" in reviewer) return person.teams.includes(reviewer.team);
    if ("permission" in reviewer) return person.permissions.includes(reviewer.permission);
    return person.id === reviewer.person;
  });
}
