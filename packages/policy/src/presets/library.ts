import { PolicyEditError } from "../edit/error.ts";
import { nearest } from "../schema/nearest.ts";
import { agents } from "./agents.ts";
import { data } from "./data.ts";
import type { PresetSource } from "./define.ts";
import { messaging } from "./messaging.ts";
import { models } from "./models.ts";
import { packages } from "./packages.ts";
import { source } from "./source.ts";
import { tools } from "./tools.ts";
import type { Preset } from "./types.ts";

const sources: ReadonlyMap<string, PresetSource> = new Map(
  [...source, ...packages, ...messaging, ...models, ...agents, ...tools, ...data].map((one) => [one.name, one]),
);

const describe = ({ name, title, description, category, parameters = [] }: PresetSource): Preset => ({
  name,
  title,
  description,
  category,
  parameters,
});

/** Every preset there is, by category. */
export const presets: readonly Preset[] = [...sources.values()].map(describe);

export function findPreset(name: string): Preset | null {
  const found = sources.get(name);
  return found === undefined ? null : describe(found);
}

/** Throws PolicyEditError with the nearest name. */
export function presetSource(name: string): PresetSource {
  const found = sources.get(name);
  if (found !== undefined) return found;
  const near = nearestPreset(name);
  throw new PolicyEditError(`There is no preset \`${name}\`.${near === null ? "" : ` Did you mean \`${near}\`?`}`);
}

/** The preset that a misspelt name most likely meant; null when none is near. */
export const nearestPreset = (name: string): string | null => nearest(name, [...sources.keys()]);

export const isPreset = (name: string): boolean => sources.has(name);
