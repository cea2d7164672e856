/**
 * Threat: a change counts as approved by votes for something else, by votes of its makers, or by rights of yesterday.
 * Invariant: only votes for the digest the change has now are read, by persons as they stand in this transaction, and every
 * rule that selects the change as it is now must be satisfied.
 */
import { type Delegation, type Evaluation, evaluate, frozenUntil, type Vote } from "@creel/approvals";
import { and, asc, eq, type Tx, tables } from "@creel/db";
import { permissionOf } from "../authz/roles.ts";
import { activeIn } from "../delegation/active.ts";
import { stored } from "../stored.ts";
import { lockRights, personsOf } from "./electorate.ts";
import { type ChangeKind, directOf } from "./kinds.ts";
import { ELECTORATE_MAX } from "./limits.ts";
import { type ChangeRow, riskOf, touchesOf } from "./row.ts";
import { type PolicyInForce, rulesFor, unselectedRule } from "./rules.ts";

export interface CountedRule extends PolicyInForce {
  evaluation: Evaluation;
}
export interface Count {
  state: "satisfied" | "rejected" | "open";
  rules: readonly CountedRule[];
  /** No policy selects it, and those who wrote it may do it without anybody. */
  alone: boolean;
  /** In mode `evaluate`, and not satisfied. */
  wouldBlock: readonly CountedRule[];
  /** A freeze of these policies that holds now ends then. */
  frozenUntil: Date | null;
}

interface Counting {
  row: ChangeRow;
  kind: ChangeKind;
  now: Date;
  /** Everybody is read for the page that says who could approve; the count itself needs those who voted. */
  electorate: "voters" | "everybody";
  /** This transaction proposed it. */
  fresh?: boolean | undefined;
  /** Who does not count either, though they had no part in writing it. */
  barred?: readonly string[] | undefined;
}

export async function countVotes(tx: Tx, { row, kind, now, electorate, fresh, barred = [] }: Counting): Promise<Count> {
  const { orgId } = row;
  const votes = await votesFor(tx, row);
  const lent = await delegations(tx, { orgId, now, votes, hold: electorate === "voters" });
  const voters = new Set(votes.map(({ voter }) => voter));
  const deciding = [...voters, ...lent.filter(({ to }) => voters.has(to)).map(({ from }) => from)];
  if (electorate === "voters") await lockRights(tx, { orgId, userIds: deciding });
  const userIds = electorate === "voters" ? deciding : await everybody(tx, orgId);
  const ballot = {
    votes,
    delegations: lent,
    barred: [...(await partiesOf(tx, row)).map(({ userId }) => userId), ...barred],
    people: await personsOf(tx, { orgId, userIds, now, touches: touchesOf(row) }),
  };
  const content = kind.contentSchema.parse(row.content);
  const found = await rulesFor(tx, {
    orgId,
    kind: row.kind,
    risk: riskOf(row),
    touches: touchesOf(row),
    guardedBy: kind.guardedBy?.(content) ?? [],
  });
  const counted = (rule: PolicyInForce): CountedRule => ({ ...rule, evaluation: evaluate(rule.spec, ballot) });
  const alone = found.enforced.length === 0 && (await mayAlone(tx, { row, kind, now, fresh }));
  const rules = alone
    ? []
    : (found.enforced.length > 0 ? found.enforced : [unselectedRule(directOf(kind, content))]).map(counted);
  const wouldBlock = found.evaluated.map(counted).filter(({ evaluation }) => evaluation.state !== "satisfied");
  const frozen = frozenUntil(
    rules.map(({ spec }) => spec),
    now,
  );
  return { state: alone ? "satisfied" : together(rules), rules, alone, wouldBlock, frozenUntil: frozen };
}

function together(rules: readonly CountedRule[]): Count["state"] {
  if (rules.some(({ evaluation }) => evaluation.state === "rejected")) return "rejected";
  return rules.length > 0 && rules.every(({ evaluation }) => evaluation.state === "satisfied") ? "satisfied" : "open";
}

/** Whoever wrote any of it could do it alone when writing, and still can. */
async function mayAlone(tx: Tx, { row, kind, now, fresh }: Omit<Counting, "electorate">): Promise<boolean> {
  if (!row.alone) return false;
  // In the transaction that proposed it, its author was judged a moment ago.
  if (fresh) return true;
  const writers = (await partiesOf(tx, row)).filter(({ part }) => part !== "favoured").map(({ userId }) => userId);
  await lockRights(tx, { orgId: row.orgId, userIds: writers });
  const persons = await personsOf(tx, { orgId: row.orgId, userIds: writers, now, touches: touchesOf(row) });
  const { on, action } = directOf(kind, kind.contentSchema.parse(row.content));
  const right = permissionOf(on, action);
  if (writers.length === 0 || row.authorUserId === null) return false;
  return writers.every((id) => persons.some((person) => person.id === id && person.permissions.includes(right)));
}

interface CastVote extends Vote {
  castAt: Date;
}

async function votesFor(tx: Tx, row: ChangeRow): Promise<CastVote[]> {
  const v = tables.changeVotes;
  const rows = await tx
    .select({ voter: v.voterId, verdict: v.verdict, order: v.order, castAt: v.castAt })
    .from(v)
    .where(and(eq(v.orgId, row.orgId), eq(v.changeId, row.id), eq(v.digest, row.digest)))
    .orderBy(asc(v.order));
  return rows.map((row) => ({ ...row, verdict: stored<Vote["verdict"]>(row.verdict) }));
}

/** Persons who never count for this change, and why. */
export async function partiesOf(
  tx: Tx,
  row: Pick<ChangeRow, "orgId" | "id">,
): Promise<{ userId: string; part: string }[]> {
  const p = tables.changeParties;
  return await tx
    .select({ userId: p.userId, part: p.part })
    .from(p)
    .where(and(eq(p.orgId, row.orgId), eq(p.changeId, row.id)));
}

/** In force now. A vote of before votes were lent to its giver was given in their own place, and stays so. */
async function delegations(
  tx: Tx,
  { orgId, now, votes, hold }: { orgId: string; now: Date; votes: readonly CastVote[]; hold: boolean },
): Promise<Delegation[]> {
  const d = tables.approvalDelegations;
  const query = tx
    .select({ from: d.fromUserId, to: d.toUserId, createdAt: d.createdAt })
    .from(d)
    .where(activeIn({ orgId, now }))
    .orderBy(asc(d.id));
  // Whoever ends one meanwhile waits for the count, or makes it begin again.
  const rows = hold ? await query.for("share") : await query;
  return rows.filter(({ to, createdAt }) => votes.every((vote) => vote.voter !== to || vote.castAt >= createdAt));
}

async function everybody(tx: Tx, orgId: string): Promise<string[]> {
  const m = tables.memberships;
  const rows = await tx.select({ id: m.userId }).from(m).where(eq(m.orgId, orgId)).limit(ELECTORATE_MAX);
  return rows.map(({ id }) => id);
}
