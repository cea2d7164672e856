import type { Register } from "../register.ts";
import { registerAsk, registerCheck } from "./commands/check.ts";
import { registerDiff } from "./commands/diff.ts";
import { registerJournal } from "./commands/journal.ts";
import { registerPreset } from "./commands/preset.ts";

/** `creel policy …`. The policy package is loaded by the command that needs it: `--help` answers at once. */
export const registerPolicy: Register = (program, io, finish) => {
  const policy = program
    .command("policy")
    .description("check policies, ask them, compare and write them")
    .addHelpText(
      "after",
      `
Pages: docs/policy/README.md. Every command explains itself with --help.`,
    );
  registerCheck(policy, io, finish);
  registerAsk(policy, io, finish);
  registerDiff(policy, io, finish);
  registerJournal(policy, io, finish);
  registerPreset(policy, io, finish);
};
