import type { Labels, RiskGrade } from "@creel/approvals";
import type { Tx } from "@creel/db";
import type { z } from "zod";
import type { AuditAction } from "../audit/actions.ts";
import type { Action, ResourceKind } from "../authz/roles.ts";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";

/** Where and when a kind is asked about a change: always inside the transaction that decides. */
export interface In {
  tx: Tx;
  orgId: string;
  now: Date;
}

export interface Right {
  action: Action;
  on: ResourceKind;
}

export interface ApprovedChange {
  id: string;
  /** Whose doing it is, as a label, and the person behind it where there is one. */
  author: string;
  authorUserId: string | null;
  message: string;
  /** Applied by break-glass, it ends then; what carries an end of its own takes this one where it is sooner. */
  endsAt?: Date | undefined;
}

/** What was applied by break-glass, and what it stood on, as both were written down then. */
export interface AppliedChange<C> {
  orgId: string;
  id: string;
  title: string;
  content: C;
  base: unknown;
  result: unknown;
}
/**
 * `left`: something else has come after it, or it is not there any more; `note` says what, for people. `narrowed`: what it opened is
 * gone, and what it closed stays closed, since `reopen`, a content of the same kind, would open it; `wrote`: that took a write.
 */
export type TakenBack<C = never> =
  | { how: "taken_back" }
  | { how: "left"; note: string }
  | { how: "narrowed"; reopen: C; wrote: boolean };

/**
 * What can be a change. Everything here but `apply` is asked again at the moment of applying, so it must read and not
 * remember. Functions may throw a CreelError; `base` and `labels` throw `notFound()` for what is not there.
 */
export interface ChangeKindDefinition<S extends z.ZodType, R> {
  /** Name of the kind, as selectors name it. */
  kind: string;
  /** Another kind whose approval policies select it as well: it is a part of what that one is about. */
  selectedAs?: string;
  /** The content, canonical when parsed: parsing the parsed again gives the same. */
  contentSchema: S;
  /** Who may propose it, and who may do it directly where no approval policy selects it. */
  propose: Right;
  direct: Right | ((content: z.output<S>) => Right);
  /** Locks that whoever writes the same takes first, taken before any row of a change is: so none waits for another in a circle. */
  hold?: (tx: Tx, orgId: string) => Promise<void>;
  /** Asked of whoever edits it, besides `propose`: what its verb asks of whoever proposes. Throws. */
  admitEditor?: (at: In, actor: UserActor | ApiKeyActor, content: z.output<S>) => Promise<void>;
  /** The one thing it changes, e.g. `policy:<id>`. Applying one change makes the others of its subject look at their base. */
  subject: (content: z.output<S>) => string;
  /** What it stands on, as JSON that is not null: when that differs at the time of applying, the change is superseded. */
  base: (at: In, content: z.output<S>) => Promise<unknown>;
  /** The labels of each thing it touches, one entry a thing. Nothing labelled: `[]`, and only rights over the whole org count. */
  labels: (at: In, content: z.output<S>) => Promise<readonly Labels[]>;
  risk: (at: In, content: z.output<S>) => Promise<RiskGrade>;
  /** A line for lists. */
  summary: (at: In, content: z.output<S>) => Promise<string>;
  /** What becomes possible, for whoever decides: a sentence each. With what was applied: what became possible. */
  says?: (at: In, content: z.output<S>, applied?: { base: unknown; result: unknown }) => Promise<readonly string[]>;
  /** Persons whom it favours; they never count as approvers. */
  favours?: (at: In, content: z.output<S>) => Promise<readonly string[]>;
  /** Approval policies whose own rule it must satisfy besides those that select it. */
  guardedBy?: (content: z.output<S>) => readonly string[];
  /** Writes it, with its audit row, in the transaction that counted. A CreelError makes the change `failed`. No plans here. */
  apply: (tx: Tx, ctx: Ctx, content: z.output<S>, change: ApprovedChange & { orgId: string }) => Promise<R>;
  /**
   * Puts back what was there before, with its audit row, where what was applied is still what is there. A kind without it is
   * `neverByGlass`, and what a former version let through of it stays until a change undoes it. It opens nothing that was closed: a content that would is answered, not written.
   */
  takeBack?: (tx: Tx, ctx: Ctx, applied: AppliedChange<z.output<S>>) => Promise<TakenBack<z.output<S>>>;
  /** Whether it allowed anything that was not allowed before: then keeping it asks for what the change asked for. Always where absent. */
  opened?: (at: In, applied: AppliedChange<z.output<S>>) => Promise<boolean>;
  /** Why break-glass applies no change of this kind; one of some contents alone says `notByGlass`. */
  neverByGlass?: string;
  /** Why break-glass may not apply it, or null. */
  notByGlass?: (at: In, content: z.output<S>) => Promise<string | null>;
  /** What break-glass applies carries its own end (`endsAt`), so nothing can keep it beyond that. */
  endsByItself?: true;
  /** Nodes that get a new plan once it is applied, in a transaction of their own right after the commit. */
  nodes?: (at: In, content: z.output<S>) => Promise<readonly string[]>;
  /** What those plans name as their cause; `change.apply` when absent. */
  planCause?: AuditAction;
}

export type ChangeKind = ChangeKindDefinition<z.ZodType, unknown>;

const registry = new Map<string, ChangeKind>();

export interface DefinedKind<S extends z.ZodType, R> extends ChangeKindDefinition<S, R> {
  readonly defined: true;
}

/** Registers a kind of change; nothing else applies one. */
export function defineChangeKind<S extends z.ZodType, R>(definition: ChangeKindDefinition<S, R>): DefinedKind<S, R> {
  if (registry.has(definition.kind)) throw new Error(`two kinds of change are called ${definition.kind}`);
  registry.set(definition.kind, asAnyKind(definition));
  return { ...definition, defined: true };
}

/** The registry forgets the content's type; whoever takes a kind from it parses the content with the kind's own schema. */
export const asAnyKind = <S extends z.ZodType, R>(kind: ChangeKindDefinition<S, R>) => kind as unknown as ChangeKind;

/** Who may do it alone. */
export const directOf = (kind: ChangeKind, content: unknown): Right =>
  typeof kind.direct === "function" ? kind.direct(content) : kind.direct;

export const changeKinds = (): readonly string[] => [...registry.keys()].sort();

/** The names by which selectors know a kind. */
export const namesOfKind = (name: string): readonly string[] => {
  const also = registry.get(name)?.selectedAs;
  return also === undefined ? [name] : [name, also];
};

export function kindOf(name: string): ChangeKind {
  const kind = registry.get(name);
  if (kind === undefined) throw new Error(`no kind of change is called ${name}`);
  return kind;
}
