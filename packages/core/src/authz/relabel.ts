/**
 * Threat: a scope is satisfied by its own labels, so that whoever may label things in one scope gives them further labels, and
 * draws to them what others bound to those: secrets, sandboxes, approvers.
 * Invariant: each label that is added, changed or taken away is named, with its value before and after, by a grant that reaches
 * the thing with it, or that is over the whole org.
 */
import type { ApiKeyActor, UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { type Grant, type Labels, labelsOnNode, scopeCovers } from "./grant.ts";
import { type Action, permissionOf, type ResourceKind } from "./roles.ts";

export interface Relabelling {
  action: Action;
  kind: ResourceKind;
  /** Of a thing that is made: none. */
  from: Labels;
  to: Labels;
  /** The labels of the node that a sandbox is on, which stand before its own. */
  under?: Labels | undefined;
}

/** Asked besides `authorizeOn` and `authorizeNew`, which say whether the thing may be changed at all. */
export function authorizeRelabel(actor: Pick<UserActor | ApiKeyActor, "grants">, change: Relabelling): void {
  const missing = unnamedIn(actor.grants, change);
  if (missing.length === 0) return;
  throw new CreelError(
    "forbidden",
    `You may give and take a label only where what you were granted names it: ${missing.join(", ")}.`,
    { details: { labels: missing } },
  );
}

/** The names of labels that differ and that none of these grants names. */
export function unnamedIn(grants: readonly Grant[], change: Relabelling): string[] {
  const permission = permissionOf(change.kind, change.action);
  const able = grants.filter(({ permissions }) => permissions.has(permission));
  return differing(change).filter((label) => !able.some((grant) => names(grant, label, change)));
}

const valueIn = (labels: Labels, label: string): string | undefined =>
  Object.hasOwn(labels, label) ? labels[label] : undefined;

const differing = ({ from, to }: Relabelling): string[] =>
  [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .filter((label) => valueIn(from, label) !== valueIn(to, label))
    .sort();

function names({ scope }: Grant, label: string, { from, to, under = {} }: Relabelling): boolean {
  if (scope === null) return true;
  const values = Object.hasOwn(scope, label) ? scope[label] : undefined;
  if (values === undefined) return false;
  return [from, to].every((own) => {
    const value = valueIn(own, label);
    return value === undefined || (values.includes(value) && scopeCovers(scope, labelsOnNode(own, under)));
  });
}
