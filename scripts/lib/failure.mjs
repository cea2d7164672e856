/** A step that could not be done: what failed, why, and what to do about it. */
export class StepFailure extends Error {
  /** @param {{step: string, reason: string, remedy: string, output?: string}} parts */
  constructor({ step, reason, remedy, output }) {
    super(`${step}: ${reason}`);
    this.name = "StepFailure";
    this.remedy = remedy;
    this.output = output ?? "";
  }
}

/** Prints a failure for people: the tail of what the step said, then place and reason, then the remedy. */
export function report(error, command) {
  if (error instanceof StepFailure) {
    if (error.output) process.stderr.write(`\n${error.output.trimEnd()}\n`);
    process.stderr.write(`\ncreel: ${error.message}\n       ${error.remedy}\n`);
    return;
  }
  process.stderr.write(`\ncreel: ${command} failed: ${error instanceof Error ? error.stack : String(error)}\n`);
}
