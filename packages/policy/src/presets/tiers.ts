/** Whole starter policies. */
import { PolicyEditError } from "../edit/error.ts";
import type { Policy } from "../model.ts";
import { printPolicy } from "../print/print.ts";
import { nearest } from "../schema/nearest.ts";
import { presetEntry } from "./entry.ts";
import { presetSource } from "./library.ts";
import type { Tier, TierName } from "./types.ts";

const balanced = ["github", "npm", "pypi", "huggingface", "brew", "brave", "tavily"];

export const tiers: readonly Tier[] = [
  { name: "restricted", description: "The model, and nothing else.", presets: [] },
  { name: "balanced", description: "Reading source code, packages, models and search results.", presets: balanced },
  {
    name: "open",
    description: "Balanced, and public reference, weather, chat, mail and tickets; every request is still judged.",
    presets: [
      ...balanced,
      ...["weather", "public-reference", "duckduckgo"],
      ...["slack", "discord", "telegram", "teams", "wechat", "whatsapp"],
      ...["jira", "outlook"],
    ],
  },
];

export interface TierChoice {
  /** By preset; a preset whose parameters are missing is named in a comment instead. */
  parameters?: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined;
}

/** The tier that a misspelt name most likely meant; null when none is near. */
export const nearestTier = (name: string): TierName | null => {
  const near = nearest(
    name,
    tiers.map((tier) => tier.name),
  );
  return near !== null && isTier(near) ? near : null;
};

export const isTier = (name: string): name is TierName => tiers.some((tier) => tier.name === name);

/** A whole policy to start from. Throws PolicyEditError when a parameter is wrong. */
export function tierYaml(name: TierName, { parameters = {} }: TierChoice = {}): string {
  const tier = tiers.find((one) => one.name === name);
  const near = tier === undefined ? nearestTier(name) : null;
  if (tier === undefined)
    throw new PolicyEditError(
      `There is no tier \`${name}\`.${near === null ? "" : ` Did you mean \`${near}\`?`} Tiers: ${tiers.map((one) => one.name).join(", ")}.`,
    );
  const stray = Object.keys(parameters).find((preset) => !tier.presets.includes(preset));
  if (stray !== undefined) throw new PolicyEditError(`Tier \`${name}\` does not apply preset \`${stray}\`.`);
  const missing = tier.presets.filter((preset) => {
    const given = parameters[preset] ?? {};
    return (presetSource(preset).parameters ?? []).some((p) => p.optional !== true && (given[p.name] ?? "") === "");
  });
  const applied = tier.presets.filter((preset) => !missing.includes(preset));
  const head = [
    `# Tier ${tier.name}: ${tier.description}`,
    "# What is not named here is denied, and so are private addresses and cloud metadata services.",
    ...missing.map(
      (preset) => `# Left out until it knows your own: creel policy preset add FILE ${preset} ${hint(preset)}`,
    ),
  ];
  return `${head.join("\n")}\n${printPolicy(starter(applied.map((preset) => [preset, parameters[preset] ?? {}])))}`;
}

const hint = (preset: string): string =>
  (presetSource(preset).parameters ?? [])
    .filter((parameter) => parameter.optional !== true)
    .map((parameter) => `--set ${parameter.name}=${parameter.name.toUpperCase()}`)
    .join(" ");

const starter = (applied: [string, Readonly<Record<string, string>>][]): Policy => ({
  version: 1,
  mode: "enforce",
  filesystem_policy: {
    include_workdir: true,
    read_only: ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/opt", "/proc", "/dev/urandom"],
    read_write: ["/sandbox", "/tmp", "/dev/null"],
  },
  landlock: { compatibility: "best_effort" },
  process: { run_as_user: "sandbox", run_as_group: "sandbox" },
  network_policies: Object.fromEntries(applied.map(([name, given]) => [name, presetEntry(name, given)])),
  network_middlewares: {},
  inference: { enabled: true },
  credentials: {},
  tests: [
    {
      name: "Cloud metadata stays out of reach.",
      request: { binary: "/usr/bin/curl", host: "169.254.169.254", port: 80 },
      expect: "deny",
    },
    {
      name: "A host that nobody named stays out of reach.",
      request: { binary: "/usr/bin/curl", host: "unnamed.example.com", port: 443 },
      expect: "deny",
    },
  ],
});
