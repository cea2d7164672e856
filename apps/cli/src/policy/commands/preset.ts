import type { Register } from "../../register.ts";

interface PresetWords {
  set?: string[];
  dryRun?: boolean;
  json?: boolean;
}

const collect = (value: string, previous: string[] | undefined): string[] => [...(previous ?? []), value];
const SET = [
  "--set <name=value>",
  "a value the preset asks for; NAME.name=value for one preset; may be repeated",
] as const;

/** Both the words and the work are loaded only when a preset command runs. */
async function flagsOf(words: PresetWords) {
  const { parseSet } = await import("../preset-values.ts");
  return { sets: (words.set ?? []).map(parseSet), dryRun: words.dryRun === true, json: words.json === true };
}

/** `preset ls|show|add|rm|tier`. */
export const registerPreset: Register = (policy, io, finish) => {
  const preset = policy
    .command("preset")
    .description("named parts of a policy, one service each, for the programs that use it")
    .addHelpText(
      "after",
      `
Hosts of registries come from --set, or from your own client's configuration (npm, pip, go); a project's configuration is not asked,
because an agent may have written it.

Example:
  creel policy preset add policy.yaml github npm`,
    );
  preset
    .command("ls")
    .description("list presets and tiers; with a file, the presets it carries")
    .argument("[file]", "policy file (YAML)")
    .option("--json", "print {presets, tiers, file?, applied?} as JSON")
    .addHelpText("after", "\nExample:\n  creel policy preset ls policy.yaml")
    .action(async (file: string | undefined, words: PresetWords) => {
      const { listPresets } = await import("../preset.ts");
      finish(listPresets(file ?? null, { json: words.json === true }, io));
    });
  preset
    .command("show")
    .description("print one preset as a policy file")
    .argument("<name>", "name of the preset")
    .option(...SET, collect)
    .option("--json", "print {name, title, description, parameters, values, yaml} as JSON")
    .addHelpText("after", "\nExample:\n  creel policy preset show npm --set registry=packages.example.com")
    .action(async (name: string, words: PresetWords) => {
      const { showPreset } = await import("../preset.ts");
      finish(await showPreset(name, await flagsOf(words), io));
    });
  preset
    .command("add")
    .description("add presets to a policy file in place, or bring them up to date")
    .argument("<file>", "policy file (YAML)")
    .argument("<name...>", "names of presets")
    .option(...SET, collect)
    .option("--dry-run", "show the change, write nothing")
    .option("--json", "print {file, changed, written, lines, yaml} as JSON")
    .addHelpText(
      "after",
      `
Twice is once; an entry that a person has changed is never overwritten.

Example:
  creel policy preset add policy.yaml npm pypi --set npm.registry=packages.example.com --dry-run`,
    )
    .action(async (file: string, names: string[], words: PresetWords) => {
      const { addPresets } = await import("../preset.ts");
      finish(await addPresets(file, names, await flagsOf(words), io));
    });
  preset
    .command("rm")
    .description("take presets out of a policy file in place")
    .argument("<file>", "policy file (YAML)")
    .argument("<name...>", "names of presets")
    .option("--dry-run", "show the change, write nothing")
    .option("--json", "print {file, changed, written, lines, yaml} as JSON")
    .addHelpText("after", "\nExample:\n  creel policy preset rm policy.yaml npm")
    .action(async (file: string, names: string[], words: PresetWords) => {
      const { removePresets } = await import("../preset.ts");
      finish(await removePresets(file, names, await flagsOf(words), io));
    });
  preset
    .command("tier")
    .description("print or write a whole policy to start from: restricted, balanced or open")
    .argument("<name>", "restricted, balanced or open")
    .option(...SET, collect)
    .option("--write <file>", "write there instead of to standard output")
    .option("--force", "replace a file that is there already")
    .option("--json", "print {tier, parameters, yaml, written} as JSON")
    .addHelpText("after", "\nExample:\n  creel policy preset tier balanced --write policy.yaml")
    .action(async (name: string, words: PresetWords & { write?: string; force?: boolean }) => {
      const { writeTier } = await import("../preset.ts");
      const flags = { ...(await flagsOf(words)), write: words.write ?? null, force: words.force === true };
      finish(await writeTier(name, flags, io));
    });
};
