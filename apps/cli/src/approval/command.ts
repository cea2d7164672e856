import type { Register } from "../register.ts";

const JSON_OPTION = ["--json", "print the server's answer as JSON"] as const;

/** `creel approval ls|show|withdraw`, over REST with an API token; `approve` and `reject` say why no token can. */
export const registerApproval: Register = (program, io, finish) => {
  const approval = program
    .command("approval")
    .description("look at changes that wait for approval, and take them back")
    .addHelpText("after", "\nNo token votes: a person approves or rejects on the page of the change, signed in.");
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
      .description(`say where a person ${verdict}s the change: on its page, signed in`)
      .argument("<id>", "id of the change")
      .option(...JSON_OPTION)
      // Whoever has what votes took here before reads why they are refused, and not that an option is unknown.
      .allowUnknownOption()
      .allowExcessArguments()
      .action(async (id: string) => {
        const { voteOnPage } = await import("./commands.ts");
        throw voteOnPage(id, verdict);
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
