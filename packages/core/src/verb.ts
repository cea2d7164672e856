import type { z } from "zod";
import { expectFreshPerson } from "./auth/proof.ts";
import { authorize } from "./authz/authorize.ts";
import type { Action, ResourceKind } from "./authz/roles.ts";
import { callerOf, inTurn } from "./caller.ts";
import type { Actor, ApiKeyActor, Ctx, NodeActor, SystemActor, UserActor } from "./context.ts";
import { CreelError, notFound, unauthenticated } from "./errors/errors.ts";

/**
 * Who may call a verb. `person`: users and API keys by role; `self`: any signed-in user, on what is theirs; `node`: a
 * node, for itself; `hub`: a node, or the hub on its behalf; `system`: Creel itself; `open`: the verbs that turn a
 * credential into an actor; `member`: whoever belongs to an org, whatever they may do there.
 */
export type Gate =
  | { by: "person"; action: Action; on: ResourceKind }
  | { by: "self" }
  | { by: "member" }
  | { by: "node" }
  | { by: "hub" }
  | { by: "system" }
  | { by: "open" };

export interface GateActors {
  person: UserActor | ApiKeyActor;
  self: UserActor;
  member: UserActor | ApiKeyActor;
  node: NodeActor;
  hub: NodeActor | SystemActor;
  system: SystemActor;
  open: Actor | null;
}

export interface Verb<I extends z.ZodType, O> {
  (call: { ctx: Ctx; input: z.input<I> }): Promise<O>;
  readonly verbName: string;
  readonly kind: "query" | "mutation";
  readonly gate: Gate;
  /** Whether a person must have proved a moment ago who they are. */
  readonly proof: boolean;
  readonly input: I;
}

/** Every verb there is, for the tests that walk them all. */
export const verbRegistry = new Map<string, Verb<z.ZodType, unknown>>();

interface Definition<G extends Gate, I extends z.ZodType, O> {
  name: string;
  kind: "query" | "mutation";
  gate: G;
  /** Asks a person for a fresh proof; a key, which can prove nothing, is held by its own bounds. See `expectFreshPerson`. */
  proof?: true;
  input: I;
  run: (ctx: Ctx<GateActors[G["by"]]>, input: z.output<I>) => Promise<O>;
}

/** Holds the order of every verb: authorize, parse, ask for proof, then (in `run`, as the caller) open the transaction, write, audit. */
export function defineVerb<const G extends Gate, I extends z.ZodType, O>(definition: Definition<G, I, O>): Verb<I, O> {
  const call = async ({ ctx, input }: { ctx: Ctx; input: z.input<I> }): Promise<O> => {
    const actor = admit(ctx, definition.gate);
    const parsed = definition.input.safeParse(input);
    if (!parsed.success) throw invalidInput(definition.name, parsed.error);
    // Before anything is looked up: whether something is there is told to nobody sooner than it was.
    if (definition.proof === true) expectFreshPerson(actor, ctx.clock());
    const caller = callerOf(ctx.actor, { verb: definition.name, input: parsed.data });
    return await inTurn(caller, async () => await definition.run({ ...ctx, actor }, parsed.data));
  };
  const verb: Verb<I, O> = Object.assign(call, {
    verbName: definition.name,
    kind: definition.kind,
    gate: definition.gate,
    proof: definition.proof === true,
    input: definition.input,
  });
  if (verbRegistry.has(definition.name)) throw new Error(`two verbs are called ${definition.name}`);
  verbRegistry.set(definition.name, asAnyVerb(verb));
  return verb;
}

/** The registry forgets the input's type; every caller of a registered verb goes through the verb's own parser. */
const asAnyVerb = <I extends z.ZodType, O>(verb: Verb<I, O>) => verb as unknown as Verb<z.ZodType, unknown>;

function admit<G extends Gate>(ctx: Ctx, gate: G): GateActors[G["by"]] {
  return narrowed<G>(admitted(ctx, gate));
}

/** `admitted` returned, so the actor is of the kind the gate names. */
const narrowed = <G extends Gate>(actor: Actor | null) => actor as GateActors[G["by"]];

function admitted(ctx: Ctx, gate: Gate): Actor | null {
  const { actor } = ctx;
  if (gate.by === "open") return actor;
  if (actor === null) throw unauthenticated();
  if (gate.by === "person") return authorize(ctx, gate.action, gate.on);
  const fits =
    (gate.by === "self" && actor.kind === "user") ||
    (gate.by === "member" && (actor.kind === "user" || actor.kind === "apiKey")) ||
    (gate.by === "node" && actor.kind === "node") ||
    (gate.by === "hub" && (actor.kind === "node" || actor.kind === "system")) ||
    (gate.by === "system" && actor.kind === "system");
  // For everybody else these verbs do not exist.
  if (!fits) throw notFound();
  return actor;
}

function invalidInput(name: string, error: z.ZodError): CreelError {
  const issues = error.issues.map((issue) => ({ path: issue.path.map(String).join("."), message: issue.message }));
  const first = issues[0];
  const where = first?.path ? `${first.path}: ` : "";
  return new CreelError("invalid_input", `${name}: ${where}${first?.message ?? "the input does not fit"}.`, {
    details: { issues },
  });
}
