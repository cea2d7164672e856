import type { Case, Feature, Group, Program, Seen, Witness } from "./model.ts";
import type { Stage } from "./stage.ts";

/** An attack ends long before this, on a busy machine too; one that hangs is killed and judged by what the host saw. */
const TIMEOUT_MS = 120_000;

export const sh = (text: string): Program => ({ language: "sh", text });
/** The body of a module that has `lib.mjs` in scope. */
export const node = (text: string): Program => ({ language: "node", text });
/** One line for the compiled helpers: `NAME [ARG…]`, shell words. */
export const calls = (text: string): Program => ({ language: "calls", text });

export interface Extra {
  needs?: readonly Feature[];
  control?: boolean;
  open?: string;
  before?: (stage: Stage) => void | Promise<void>;
  run?: (stage: Stage, test: Case) => Promise<Pick<Seen, "code" | "out">>;
  timeoutMs?: number;
  everyLane?: boolean;
}

/** Makes the cases of one group; all of them need what the group needs. */
export function groupOf(group: Group, needs: readonly Feature[] = []) {
  return (id: string, title: string, attack: { promise: string; program: Program; expect: Witness } & Extra): Case => ({
    id,
    group,
    title,
    promise: attack.promise,
    needs: [...needs, ...(attack.needs ?? [])],
    program: attack.program,
    expect: attack.expect,
    control: attack.control ?? false,
    open: attack.open ?? null,
    before: attack.before ?? null,
    run: attack.run ?? null,
    timeoutMs: attack.timeoutMs ?? TIMEOUT_MS,
    everyLane: attack.everyLane ?? false,
  });
}
