import type { Register } from "../register.ts";

const JSON_OPTION = ["--json", "print the server's answer as JSON"] as const;

/** `creel approval ls|show|approve|reject|withdraw`, over REST with an API token of a person. */
export const registerApproval: Register = (program, io, finish) => {
  const approval = program
    .command("approval")
    .description("look at changes that wait for approval, and decide them")
    .addHelpText("after", "\nExits with 4 where others still have to approve. A service account's token cannot vote.");
  approval
    .command("ls")
    .description("list changes that wait")
    .option("--all", "those that are over too")
    .option(...JSON_OPTION)
    .action(async (options: { all?: boolean; json?: boolean }) => {
      const { listChanges } = await import("./commands.ts");
      finish(await listChanges({ all: options.all === true, json: options.json === true }, io));
    });
  approval
    .command("show")
    .description("print a change: what is missing, and who could give it")
    .argument("<id>", "id of the change")
    .option(...JSON_OPTION)
    .action(async (id: string, options: { json?: boolean }) => {
      const { showChange } = await import("./commands.ts");
      finish(await showChange(id, { json: options.json === true }, io));
    });
  for (const verdict of ["approve", "reject"] as const)
    approval
      .command(verdict)
      .description(`${verdict} a change as it stands`)
      .argument("<id>", "id of the change")
      .option("--digest <digest>", "refuse when the change is no longer the one with this digest")
      .option("--comment <text>", "why; everybody who sees the change reads it", "")
      .option(...JSON_OPTION)
      .action(async (id: string, options: { digest?: string; comment: string; json?: boolean }) => {
        const { voteOnChange } = await import("./commands.ts");
        const { digest, comment, json = false } = options;
        finish(await voteOnChange(id, { verdict, digest, comment, json }, io));
      });
  approval
    .command("withdraw")
    .description("take a change back")
    .argument("<id>", "id of the change")
    .option("--reason <text>", "why; stands in the audit", "")
    .option(...JSON_OPTION)
    .action(async (id: string, options: { reason: string; json?: boolean }) => {
      const { withdrawChange } = await import("./commands.ts");
      finish(await withdrawChange(id, { reason: options.reason, json: options.json === true }, io));
    });
};
