import { existsSync } from "node:fs";
import {
  addPreset,
  appliedPresets,
  diffLines,
  findPreset,
  isTier,
  type Preset,
  presets,
  presetYaml,
  removePreset,
  tiers,
  tierYaml,
} from "@creel/policy";
import { EXIT, type ExitCode, usageError } from "../exit.ts";
import { exact, type Io, jsonLine, line, painter } from "../io.ts";
import { asCliError } from "./edit-error.ts";
import { loadPolicy } from "./load.ts";
import { type Parameters, refuseStraySets, type SetWord, valuesFor } from "./preset-values.ts";
import { presetTable, tierTable } from "./view/presets.ts";
import { textDiff } from "./view/text-diff.ts";
import { replaceFile } from "./write-file.ts";

export interface EditFlags {
  sets: readonly SetWord[];
  dryRun: boolean;
  json: boolean;
}

/** Every preset and tier there is; with a file also which of them it carries and in what state. */
export function listPresets(file: string | null, options: { json: boolean }, io: Io): ExitCode {
  const applied = file === null ? [] : appliedPresets(loadPolicy(file).policy);
  if (options.json) {
    io.out(jsonLine({ presets, tiers, ...(file === null ? {} : { file, applied }) }));
    return EXIT.done;
  }
  const paint = painter(io.colour);
  const columns = io.columns ?? null;
  for (const text of presetTable(presets, file === null ? null : applied, paint, columns)) io.out(line(text));
  if (file === null) for (const text of ["", ...tierTable(tiers, paint, columns)]) io.out(line(text));
  return EXIT.done;
}

/** The preset alone, as a file that loads by itself. */
export async function showPreset(name: string, flags: EditFlags, io: Io): Promise<ExitCode> {
  const preset = knownPreset(name);
  refuseStraySets(flags.sets, [name]);
  const { parameters, found } = await valuesFor(preset, flags.sets);
  refuseMissing(preset, parameters);
  const yaml = await asCliError(null, () => presetYaml(name, parameters));
  if (flags.json) io.out(jsonLine({ ...preset, values: parameters, yaml }));
  else io.out(exact(yaml));
  if (found !== null) io.err(line(found));
  return EXIT.done;
}

/** Adds presets to a file, or brings them up to date. The file is replaced in one step, or not at all. */
export async function addPresets(file: string, names: readonly string[], flags: EditFlags, io: Io): Promise<ExitCode> {
  const chosen = names.map(knownPreset);
  refuseStraySets(flags.sets, names);
  const { yaml, policy } = loadPolicy(file);
  const carried = appliedPresets(policy);
  let after = yaml;
  for (const preset of chosen) {
    const known = carried.find(({ name }) => name === preset.name)?.parameters ?? {};
    const { parameters, found } = await valuesFor(preset, flags.sets, known);
    refuseMissing(preset, { ...known, ...parameters });
    if (found !== null) io.err(line(found));
    after = await asCliError(file, () => addPreset(after, { name: preset.name, parameters }));
  }
  return finishEdit({ file, before: yaml, after, flags, done: `has ${names.join(", ")}` }, io);
}

/** Takes presets out of a file. One that is not there is no error: the file is as it was asked for. */
export async function removePresets(
  file: string,
  names: readonly string[],
  flags: EditFlags,
  io: Io,
): Promise<ExitCode> {
  const { yaml } = loadPolicy(file);
  let after = yaml;
  for (const name of names) after = await asCliError(file, () => removePreset(after, name));
  return finishEdit({ file, before: yaml, after, flags, done: `is without ${names.join(", ")}` }, io);
}

/** A whole policy to start from, on stdout or in a new file. */
export async function writeTier(
  name: string,
  flags: EditFlags & { write: string | null; force: boolean },
  io: Io,
): Promise<ExitCode> {
  if (!isTier(name))
    throw usageError(`there is no tier \`${name}\``, `Tiers: ${tiers.map((tier) => tier.name).join(", ")}.`);
  if (flags.write !== null && !flags.force && existsSync(flags.write))
    throw usageError("the file is there already", "Name another, or add --force to replace it.", flags.write);
  const names = tiers.find((tier) => tier.name === name)?.presets ?? [];
  refuseStraySets(flags.sets, names);
  const parameters: Record<string, Parameters> = {};
  for (const preset of names.map(knownPreset)) {
    const values = await valuesFor(preset, flags.sets);
    if (Object.keys(values.parameters).length > 0) parameters[preset.name] = values.parameters;
    if (values.found !== null) io.err(line(values.found));
  }
  const yaml = await asCliError(null, () => tierYaml(name, { parameters }));
  if (flags.write !== null) replaceFile(flags.write, yaml);
  if (flags.json) io.out(jsonLine({ tier: name, parameters, yaml, written: flags.write }));
  else io.out(flags.write === null ? exact(yaml) : line(`${painter(io.colour)("green", "✓")} ${flags.write} written`));
  return EXIT.done;
}

function knownPreset(name: string): Preset {
  const preset = findPreset(name);
  if (preset !== null) return preset;
  throw usageError(`there is no preset \`${name}\``, "`creel policy preset ls` lists them.");
}

/** What only the user can know is asked for by name; no host of a registry stands in this program. */
function refuseMissing(preset: Preset, given: Parameters): void {
  for (const { name, description, example, optional } of preset.parameters)
    if (optional !== true && given[name] === undefined)
      throw usageError(
        `preset \`${preset.name}\` needs \`${name}\`: ${description}`,
        `Add --set ${preset.name}.${name}=${example}, with your own.`,
      );
}

interface Edit {
  file: string;
  before: string;
  after: string;
  flags: EditFlags;
  done: string;
}

function finishEdit({ file, before, after, flags, done }: Edit, io: Io): ExitCode {
  const changed = before !== after;
  const written = changed && !flags.dryRun;
  if (written) replaceFile(file, after, before);
  const lines = diffLines(before, after);
  if (flags.json) {
    io.out(jsonLine({ file, changed, written, lines: lines.filter(({ kind }) => kind !== "same"), yaml: after }));
    return EXIT.done;
  }
  const paint = painter(io.colour);
  for (const text of textDiff(lines, paint)) io.out(line(text));
  const state = !changed ? "nothing to change" : flags.dryRun ? "not written (--dry-run)" : "written";
  io.out(line(`${paint("green", "✓")} ${file} ${done}: ${state}`));
  return EXIT.done;
}
