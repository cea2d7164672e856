/** For the length of one attack the sandbox is under another policy, given to the gateway as a reload gives it. */
import { bindings, policyUnderAttack } from "./contenders/creel.ts";
import type { Case, Seen } from "./model.ts";
import type { Stage } from "./stage.ts";
import { current } from "./under-attack.ts";

export const UNDER_ATTACK = "under-attack";
let generation = 1;

/** Generations only grow, whoever reloads. */
export const nextGeneration = (): number => {
  generation += 1;
  return generation;
};

export const restorePolicy = (stage: Stage): void =>
  current
    .ours()
    .gateway()
    .setPolicy(UNDER_ATTACK, {
      ...policyUnderAttack(stage),
      generation: nextGeneration(),
      credentials: bindings(stage),
    });

/** Runs the case with these lines of a `sandbox:` section in the policy; the control that follows goes under the usual one. */
export const under =
  (section: string) =>
  async (stage: Stage, test: Case): Promise<Pick<Seen, "code" | "out">> => {
    current
      .ours()
      .gateway()
      .setPolicy(UNDER_ATTACK, { ...policyUnderAttack(stage, section), generation: nextGeneration() });
    try {
      return await current.ours().run(test);
    } finally {
      restorePolicy(stage);
    }
  };
