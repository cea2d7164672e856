import type { AppliedPreset, Preset, Tier } from "@creel/policy";
import { type Paint, printable } from "../../io.ts";
import { table } from "./table.ts";
import { wrap } from "./wrap.ts";

/** Columns between the cells and the sentence. */
const GAP = 2;
/** Narrower than this a sentence is a ladder of words; then it stands below its row instead. */
const SENTENCE_COLUMNS_MIN = 40;
const BELOW_INDENT = 4;

const STATES: Readonly<Record<AppliedPreset["state"], string>> = {
  current: "in the file",
  outdated: "in the file, outdated: add it again",
  changed: "in the file, changed by hand",
  unknown: "in the file, unknown here",
};

/** One line a preset; where a file is asked about, its state in place of the description. */
export function presetTable(
  presets: readonly Preset[],
  applied: readonly AppliedPreset[] | null,
  paint: Paint,
  columns: number | null = null,
): string[] {
  const needs = (preset: Preset): string =>
    preset.parameters.map(({ name, optional }) => (optional === true ? `[${name}]` : name)).join(", ");
  if (applied === null)
    return described(
      table(
        [{ heading: "PRESET" }, { heading: "KIND" }, { heading: "NEEDS" }],
        presets.map((preset) => [preset.name, preset.category, needs(preset)]),
        paint,
      ),
      presets.map(({ description }) => description),
      paint,
      columns,
    );
  if (applied.length === 0) return ["The file carries no preset. `creel policy preset add FILE NAME` adds one."];
  return table(
    [{ heading: "PRESET" }, { heading: "ENTRY" }, { heading: "STATE" }, { heading: "WITH" }],
    applied.map(({ name, entry, state, parameters }) => [
      name,
      entry,
      STATES[state],
      Object.entries(parameters)
        .map(([key, value]) => `${key}=${value}`)
        .join(" "),
    ]),
    paint,
  );
}

export const tierTable = (tiers: readonly Tier[], paint: Paint, columns: number | null = null): string[] =>
  described(
    table(
      [{ heading: "TIER" }],
      tiers.map(({ name }) => [name]),
      paint,
    ),
    tiers.map(({ description, presets }) => `${description}${presets.length === 0 ? "" : ` (${presets.join(", ")})`}`),
    paint,
    columns,
  );

/** Sentences are longer than a cell; they stand behind the aligned cells instead of in a column that would be cut. */
function described(
  [heading = "", ...rows]: string[],
  sentences: readonly string[],
  paint: Paint,
  columns: number | null,
): string[] {
  const width = Math.max(...rows.map((row) => row.length));
  const indent = width + GAP;
  const below = columns !== null && columns - indent < SENTENCE_COLUMNS_MIN;
  const rowLines = (row: string, sentence: string): string[] =>
    below
      ? [row, ...wrap(" ".repeat(BELOW_INDENT) + sentence, { columns, indent: BELOW_INDENT })]
      : wrap(row.padEnd(indent) + sentence, { columns, indent });
  return [heading, ...rows.flatMap((row, i) => rowLines(row, paint("dim", printable(sentences[i] ?? ""))))];
}
