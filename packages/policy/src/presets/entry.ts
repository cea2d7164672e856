/** A preset as an entry of a policy, with a mark by which it is known again. */
import { canonicalJson } from "../canonical/json.ts";
import { PolicyEditError } from "../edit/error.ts";
import type { PolicyEntry } from "../model.ts";
import { parsePolicy } from "../parse.ts";
import { entryShape } from "../print/file-shape.ts";
import { blockLines, entrySpec, flowText } from "../print/layout.ts";
import { valuesFor } from "./define.ts";
import { presetSource } from "./library.ts";

/**
 * Tells an entry as a preset gave it from one that a person has changed since. Against slips, not against forgery: whoever may edit
 * the file may edit this too. FNV-1a over UTF-16 code units in two lanes, because pure code has no synchronous SHA-256.
 */
export function entryChecksum(entry: PolicyEntry): string {
  const text = canonicalJson({ ...entry, preset: undefined });
  const lane = (seed: number): string => {
    let hash = seed;
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    return (hash >>> 0).toString(16).padStart(8, "0");
  };
  return lane(0x811c9dc5) + lane(0x5bd1e995);
}

/** The entry of a preset, checked like any other. Throws PolicyEditError when parameters are missing or wrong. */
export function presetEntry(name: string, parameters: Readonly<Record<string, string>>, key = name): PolicyEntry {
  const preset = presetSource(name);
  const values = valuesFor({ ...preset, parameters: preset.parameters ?? [] }, parameters);
  const shape = {
    name: preset.title,
    endpoints: typeof preset.endpoints === "function" ? preset.endpoints(values) : preset.endpoints,
    binaries: preset.programs.map((path) => ({ path })),
    reason: preset.description,
  };
  const text = flowText({ version: 1, network_policies: { [key]: shape } }, { kind: "any" });
  const { policy, problems } = parsePolicy(text);
  const entry = policy?.network_policies[key];
  if (entry === undefined)
    throw new PolicyEditError(
      `Preset \`${name}\` cannot be applied with these parameters. ${problems[0]?.message ?? ""}`,
      problems,
    );
  const given = Object.fromEntries(Object.entries(parameters).filter(([, value]) => value.trim() !== ""));
  return {
    ...entry,
    preset: {
      name,
      ...(Object.keys(given).length === 0 ? {} : { parameters: given }),
      checksum: entryChecksum(entry),
    },
  };
}

/** The lines of an entry, without its key. */
export const entryLines = (entry: PolicyEntry, key: string): string[] =>
  blockLines(entryShape(entry, key), entrySpec, 96);
export const entryFlow = (entry: PolicyEntry, key: string): string => flowText(entryShape(entry, key), entrySpec);
