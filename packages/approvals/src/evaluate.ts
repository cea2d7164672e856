/**
 * Threat: a change counts as approved though no rule is satisfied.
 * Invariant: `satisfied` only where, step after step, different persons who may vote at this moment fill every seat of one
 * choice of the step, with votes given after the step before was complete. Whatever is unclear counts as missing.
 */
import { choicesOf, quorumsOf, seatsOf } from "./choices.ts";
import { seat } from "./seating.ts";
import { accepts, type Discount, inPlaceOf, type Standing, standingOf, type Voter } from "./standing.ts";
import type { ApprovalSpec, Ballot, Quorum, Rule, Vote } from "./types.ts";

/** The step it was for had not begun, its seat is taken by another person or team, or no quorum names its giver. */
export type Unused = "early" | "surplus" | "not_asked";

export interface QuorumState {
  quorum: Quorum;
  filledBy: readonly string[];
  missing: number;
  /** Who could fill what is missing and has not voted for this step. */
  candidates: readonly string[];
  /** Of these and those who filled it: for whom, where it is not in their own place. */
  inPlaceOf: Readonly<Record<string, readonly string[]>>;
}
export interface StepState {
  state: "done" | "due" | "later";
  /** The quorums that filled it, or those of the choice that lacks least. */
  quorums: readonly QuorumState[];
}
export interface Evaluation {
  state: "satisfied" | "rejected" | "open";
  steps: readonly StepState[];
  vetoedBy: readonly string[];
  /** Approvals and rejections that do not count, and why. */
  uncounted: readonly { voter: string; why: Discount | Unused }[];
  /** False where not even everybody who may vote could complete it. */
  reachable: boolean;
}

type Judged = Pick<ApprovalSpec, "steps" | "veto">;

export function evaluate(spec: Judged, ballot: Ballot): Evaluation {
  const standing = standingOf(ballot);
  const approvals = standing.votes.filter((vote) => vote.verdict === "approve");
  const vetoedBy = standing.votes
    .filter(({ verdict, voter }) => verdict === "reject" && mayVeto(spec, standing.eligible.get(voter)))
    .map(({ voter }) => voter);
  const { steps, uncounted } = walk(spec.steps, approvals, standing);
  const done = steps.length > 0 && steps.every((step) => step.state === "done");
  return {
    state: vetoedBy.length > 0 ? "rejected" : done ? "satisfied" : "open",
    steps,
    vetoedBy,
    uncounted: [...standing.discounted, ...uncounted],
    reachable: done || reachable(spec.steps, standing),
  };
}

function mayVeto(spec: Judged, person: Voter | undefined): boolean {
  if (person === undefined || spec.veto === "nobody") return false;
  if (spec.veto !== "reviewers") return accepts(spec.veto, person);
  return spec.steps.some((step) => quorumsOf(step).some(({ of }) => accepts(of, person)));
}

interface Walked {
  steps: StepState[];
  uncounted: { voter: string; why: Unused }[];
}

function walk(rules: readonly Rule[], approvals: readonly Vote[], standing: Standing): Walked {
  const steps: StepState[] = [];
  const uncounted: Walked["uncounted"] = [];
  let from = approvals;
  for (const [index, rule] of rules.entries()) {
    const later = steps.some(({ state }) => state !== "done");
    const end = later ? null : shortest(rule, from, standing);
    const used = later ? [] : from.slice(0, end ?? from.length);
    const quorums = stateOf(rule, persons(used, standing), standing);
    steps.push({ state: later ? "later" : end === null ? "due" : "done", quorums });
    if (later) continue;
    const counted = new Set(quorums.flatMap(({ filledBy }) => filledBy));
    const coming = rules.slice(index + 1).flatMap(quorumsOf);
    const why = (voter: string): Unused => {
      if (asked(quorumsOf(rule), voter, standing)) return "surplus";
      return asked(coming, voter, standing) ? "early" : "not_asked";
    };
    for (const { voter } of used) if (!counted.has(voter)) uncounted.push({ voter, why: why(voter) });
    from = end === null ? [] : from.slice(end);
  }
  return { steps, uncounted };
}

const asked = (quorums: readonly Quorum[], id: string, { eligible }: Standing): boolean => {
  const person = eligible.get(id);
  return person !== undefined && quorums.some(({ of }) => accepts(of, person));
};

const persons = (votes: readonly Vote[], { eligible }: Standing): Voter[] =>
  votes.flatMap(({ voter }) => eligible.get(voter) ?? []);

/** How many votes from the first on complete this step, or null. The fewest leave the most for the next step. */
function shortest(rule: Rule, votes: readonly Vote[], standing: Standing): number | null {
  for (let end = 0; end <= votes.length; end++) if (complete(rule, persons(votes.slice(0, end), standing))) return end;
  return null;
}

/** A choice that asks for nobody completes nothing. */
const complete = (rule: Rule, people: readonly Voter[]): boolean =>
  choicesOf(rule).some((choice) => seatsOf(choice) > 0 && seat(choice, people).count === seatsOf(choice));

function stateOf(rule: Rule, people: readonly Voter[], { eligible }: Standing): QuorumState[] {
  const seated = choicesOf(rule).map((choice) => ({ choice, seating: seat(choice, people) }));
  const lacks = ({ choice, seating }: (typeof seated)[number]): number => seatsOf(choice) - seating.count;
  const [best] = seated.sort((a, b) => lacks(a) - lacks(b));
  if (best === undefined) return [];
  const here = new Set(people.map(({ id }) => id));
  const placesTaken = (ids: readonly string[], { of }: Quorum): Record<string, readonly string[]> =>
    Object.fromEntries(
      ids.flatMap((id) => {
        const voter = eligible.get(id);
        const places = voter === undefined ? [] : inPlaceOf(of, voter);
        return places.length === 0 ? [] : [[id, places]];
      }),
    );
  return best.choice.map((quorum, index) => {
    const filledBy = best.seating.filled[index] ?? [];
    const missing = quorum.atLeast - filledBy.length;
    const others = [...eligible.values()].filter((person) => !here.has(person.id) && accepts(quorum.of, person));
    const candidates = missing === 0 ? [] : others.map(({ id }) => id);
    return { quorum, filledBy, missing, candidates, inPlaceOf: placesTaken([...filledBy, ...candidates], quorum) };
  });
}

/** Would everybody's approval, given in the best order, complete it? Persons differ between steps too: one vote has one place. */
const reachable = (steps: readonly Rule[], { eligible }: Standing): boolean =>
  complete({ all: steps }, [...eligible.values()]);
