/**
 * Threat: a label that moves takes a secret along that nobody hears of, or leaves one behind with whoever lost the label.
 * Invariant: which secrets sandboxes gain and lose by labels is told in the audit row of the act, and their nodes get a plan in the
 * same transaction. No binding is made or ended meanwhile, so neither side overlooks the other.
 */
import { and, asc, eq, isNull, type Tx, tables } from "@creel/db";
import type { Changes } from "../audit/entry.ts";
import { type BoundSandbox, boundSandboxes } from "./bound.ts";

/** Keeps bindings as they are until the transaction ends: whoever binds or unbinds takes the secret's row for itself. */
export async function holdBindings(tx: Tx, orgId: string): Promise<void> {
  const t = tables.secrets;
  await tx
    .select({ id: t.id })
    .from(t)
    .where(and(eq(t.orgId, orgId), isNull(t.removedAt)))
    .orderBy(asc(t.id))
    .for("key share");
}

export interface Drawn {
  /** As `sandbox: SECRET`. */
  gained: string[];
  lost: string[];
}

/** Runs what moves labels on a node, and answers which of its sandboxes may use what other secrets after it. */
export async function drawnBy(
  tx: Tx,
  where: { orgId: string; nodeId: string },
  move: () => Promise<unknown>,
): Promise<Drawn> {
  const before = usesOf(await boundSandboxes(tx, where));
  await move();
  const after = usesOf(await boundSandboxes(tx, where));
  return { gained: namesIn(after, before), lost: namesIn(before, after) };
}

const usesOf = (bound: readonly BoundSandbox[]): ReadonlyMap<string, string> =>
  new Map(
    bound.flatMap(({ id, name, secrets }) =>
      secrets.map((secret) => [`${id} ${secret.secretId}`, `${name}: ${secret.name}`] as const),
    ),
  );

const namesIn = (these: ReadonlyMap<string, string>, others: ReadonlyMap<string, string>): string[] =>
  [...these].filter(([use]) => !others.has(use)).map(([, name]) => name);

export const drawsAny = ({ gained, lost }: Drawn): boolean => gained.length + lost.length > 0;

/** For the audit row; nothing where nothing moved. */
export const toldOf = ({ gained, lost }: Drawn): Changes => ({
  ...(gained.length === 0 ? {} : { secretsGained: { to: gained } }),
  ...(lost.length === 0 ? {} : { secretsLost: { from: lost } }),
});
