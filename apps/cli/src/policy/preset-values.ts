import { findPreset, type Preset } from "@creel/policy";
import { usageError } from "../exit.ts";
import { registryOf } from "./registry-host.ts";

export type Parameters = Readonly<Record<string, string>>;

export interface PresetValues {
  parameters: Parameters;
  /** Where a value came from that nobody typed, as a sentence. */
  found: string | null;
}

/** `--set registry=HOST` is for every preset that asks for it, `--set npm.registry=HOST` for that one. */
export interface SetWord {
  preset: string | null;
  name: string;
  value: string;
}

export function parseSet(text: string): SetWord {
  const match = /^(?:([\w-]+)\.)?([\w-]+)=(.+)$/s.exec(text);
  if (match === null)
    throw usageError(
      `"${text}" sets nothing`,
      "Write name=value, such as --set registry=packages.example.com.",
      "--set",
    );
  return { preset: match[1] ?? null, name: match[2] ?? "", value: match[3] ?? "" };
}

/** A word that no preset takes is a slip that would otherwise pass unseen. */
export function refuseStraySets(sets: readonly SetWord[], names: readonly string[]): void {
  for (const set of sets) {
    const takers = names
      .filter((name) => set.preset === null || set.preset === name)
      .filter((name) => takes(name, set));
    if (takers.length > 0) continue;
    const taken = names.flatMap((name) => (findPreset(name)?.parameters ?? []).map((one) => `${name}.${one.name}`));
    throw usageError(
      `no preset here takes \`${set.preset === null ? "" : `${set.preset}.`}${set.name}\``,
      taken.length === 0 ? "They take none." : `They take: ${taken.join(", ")}.`,
      "--set",
    );
  }
}

const takes = (name: string, set: SetWord): boolean =>
  findPreset(name)?.parameters.some((parameter) => parameter.name === set.name) === true;

/** What was typed for this preset; a registry that nobody typed is asked of the user's own client, unless `known` has it already. */
export async function valuesFor(
  preset: Preset,
  sets: readonly SetWord[],
  known: Parameters = {},
): Promise<PresetValues> {
  const own = sets.filter((set) => (set.preset === null || set.preset === preset.name) && takes(preset.name, set));
  // The one that names the preset counts before the one for all.
  const ordered = [...own].sort((a, b) => Number(a.preset !== null) - Number(b.preset !== null));
  const parameters: Record<string, string> = Object.fromEntries(ordered.map(({ name, value }) => [name, value]));
  const asks = preset.parameters.some(({ name, optional }) => name === "registry" && optional !== true);
  if (!asks || parameters.registry !== undefined || known.registry !== undefined) return { parameters, found: null };
  const registry = await registryOf(preset.name);
  if (registry === null) return { parameters, found: null };
  return {
    parameters: { ...parameters, registry: registry.value },
    found: `${preset.name}: registry ${registry.value}, as \`${registry.source}\` says.`,
  };
}
