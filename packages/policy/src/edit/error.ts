import type { PolicyProblem } from "../types.ts";

/** Why no edit was made. `problems` is filled when the file itself has errors. */
export class PolicyEditError extends Error {
  readonly problems: readonly PolicyProblem[];
  constructor(message: string, problems: readonly PolicyProblem[] = []) {
    super(message);
    this.name = "PolicyEditError";
    this.problems = problems;
  }
}
