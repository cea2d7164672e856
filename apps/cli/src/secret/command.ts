import type { Command } from "commander";
import { usageError } from "../exit.ts";
import type { Register } from "../register.ts";

/** As the server takes it. */
const OVERLAP_MINUTES_MAX = 31 * 24 * 60;
const JSON_OPTION = ["--json", "print the server's answer as JSON"] as const;
const OVERLAP = ["--overlap <minutes>", "how long the value before is still taken out of answers"] as const;

function minutes(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= OVERLAP_MINUTES_MAX) return value;
  throw usageError(`"${text}" is not a number of minutes`, `Use 0 to ${OVERLAP_MINUTES_MAX}.`, "--overlap");
}
const gather = (label: string, before: string[]): string[] => [...before, label];

interface Flags {
  json?: boolean;
  description?: string;
  overlap?: number;
  sandbox?: string;
  label: string[];
  yes?: boolean;
}
const setOptions = ({ json = false, description, overlap }: Flags) => ({
  json,
  ...(description === undefined ? {} : { description }),
  ...(overlap === undefined ? {} : { overlapMinutes: overlap }),
});

/** `creel secret set|rotate|ls|show|bind|unbind|remove|rewrap`. No value is ever an argument. */
export const registerSecret: Register = (program, io, finish) => {
  const secret = program
    .command("secret")
    .description("keep secrets that sandboxes use and never see")
    .addHelpText("after", "\nValues come by standard input, or are typed unseen; nothing gives one back.");
  const named = (name: string, description: string): Command =>
    secret
      .command(name)
      .description(description)
      .argument("<name>", "as policies and environments name it, e.g. GITHUB_TOKEN")
      .option(...JSON_OPTION);
  named("set", "keep a value, new or in the place of the one before")
    .option("--description <text>", "what it is for")
    .option(OVERLAP[0], OVERLAP[1], minutes)
    .action(async (name: string, flags: Flags) => {
      const { setSecret } = await import("./set.ts");
      finish(await setSecret(name, setOptions(flags), io));
    });
  named("rotate", "give a secret that is there another value")
    .option(OVERLAP[0], OVERLAP[1], minutes)
    .action(async (name: string, flags: Flags) => {
      const { rotateSecret } = await import("./set.ts");
      finish(await rotateSecret(name, setOptions(flags), io));
    });
  secret
    .command("ls")
    .description("list secrets, without what is in them")
    .option(...JSON_OPTION)
    .action(async ({ json = false }: Flags) => {
      const { listSecrets } = await import("./show.ts");
      finish(await listSecrets({ json }, io));
    });
  named("show", "who may use a secret, and where their policies let it go").action(
    async (name: string, { json = false }: Flags) => {
      const { showSecret } = await import("./show.ts");
      finish(await showSecret(name, { json }, io));
    },
  );
  named("bind", "let one sandbox, or all with certain labels, use a secret")
    .option("--sandbox <name>", "name or id of the sandbox")
    .option("--label <name=value>", "sandboxes with this label; again for another value or another label", gather, [])
    .action(async (name: string, { sandbox, label, json = false }: Flags) => {
      const { bindSecret } = await import("./change.ts");
      finish(await bindSecret(name, { labels: label, json, ...(sandbox === undefined ? {} : { sandbox }) }, io));
    });
  secret
    .command("unbind")
    .description("take a secret away again")
    .argument("<id>", "of the binding, as `creel secret show` prints it")
    .option(...JSON_OPTION)
    .action(async (id: string, { json = false }: Flags) => {
      const { unbindSecret } = await import("./change.ts");
      finish(await unbindSecret(id, { json }, io));
    });
  named("remove", "empty a secret for good and end every use of it")
    .option("-y, --yes", "do not ask")
    .action(async (name: string, { yes = false, json = false }: Flags) => {
      const { removeSecret } = await import("./change.ts");
      finish(await removeSecret(name, { yes, json }, io));
    });
  secret
    .command("rewrap")
    .description(
      "seal all that the deployment's key seals under its newest line: secrets, keys, channels, provider, authenticators",
    )
    .option(...JSON_OPTION)
    .action(async ({ json = false }: Flags) => {
      const { rewrapSecrets } = await import("./change.ts");
      finish(await rewrapSecrets({ json }, io));
    });
};
