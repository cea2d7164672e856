/**
 * Threat: one person, or one team, fills two seats.
 * Invariant: a seating gives each person at most one seat of the whole step, and in a quorum with `distinctTeams` each team
 * at most one; it fills as many seats as any such seating can.
 */
import { createFlow } from "./flow.ts";
import { accepts, placesOf, type Voter } from "./standing.ts";
import type { Quorum } from "./types.ts";

export interface Seating {
  /** For each quorum, who fills its seats. */
  filled: readonly (readonly string[])[];
  count: number;
}

/** Seats flow from quorums, through teams where these must differ, to persons: one unit is one seat. */
export function seat(quorums: readonly Quorum[], people: readonly Voter[]): Seating {
  const flow = createFlow();
  for (const [index, quorum] of quorums.entries()) {
    flow.connect("source", quorumKey(index), quorum.atLeast);
    for (const person of people) {
      if (!accepts(quorum.of, person)) continue;
      if (quorum.distinctTeams !== true) flow.connect(quorumKey(index), personKey(person.id), 1);
      else
        for (const team of teamsIn(quorum, person)) {
          flow.connect(quorumKey(index), teamKey(index, team), 1);
          flow.connect(teamKey(index, team), personKey(person.id), 1);
        }
    }
  }
  for (const person of people) flow.connect(personKey(person.id), "sink", 1);
  const count = flow.run("source", "sink");
  const sits = (index: number, quorum: Quorum, person: Voter): boolean =>
    flow.between(quorumKey(index), personKey(person.id)) > 0 ||
    [...teamsIn(quorum, person)].some((team) => flow.between(teamKey(index, team), personKey(person.id)) > 0);
  return {
    count,
    filled: quorums.map((quorum, index) => people.filter((person) => sits(index, quorum, person)).map(({ id }) => id)),
  };
}

/** The teams for which somebody sits here: those of the places in which the quorum takes them, and no others of theirs. */
const teamsIn = (quorum: Quorum, person: Voter): ReadonlySet<string> =>
  new Set(placesOf(quorum.of, person).flatMap(({ teams }) => teams));

const quorumKey = (index: number): string => JSON.stringify(["quorum", index]);
const teamKey = (index: number, team: string): string => JSON.stringify(["team", index, team]);
const personKey = (id: string): string => JSON.stringify(["person", id]);
