/**
 * Presets in a file. Threat: an update that overwrites what a person decided, or that touches what is not the preset's. Invariant:
 * the text is parsed before and after, only the preset's own entry differs, and an entry that a person changed is left alone.
 */
import { isMap } from "yaml";
import { canonicalJson } from "../canonical/json.ts";
import { diffLines } from "../edit/diff-lines.ts";
import { PolicyEditError } from "../edit/error.ts";
import { removeRule } from "../edit/remove-rule.ts";
import { replaceEntry } from "../edit/replace-entry.ts";
import { spliceEntry } from "../edit/splice.ts";
import type { Policy, PolicyEntry } from "../model.ts";
import { openPolicy, parsePolicy } from "../parse.ts";
import { printDocument } from "../print/document.ts";
import { printPolicy } from "../print/print.ts";
import { nearest } from "../schema/nearest.ts";
import { entryChecksum, entryFlow, entryLines, presetEntry } from "./entry.ts";
import { isPreset, presetSource, presets } from "./library.ts";
import type { AppliedPreset } from "./types.ts";

export interface PresetChoice {
  name: string;
  /** Those left out are taken from the entry that is there already. */
  parameters?: Readonly<Record<string, string>> | undefined;
}

/** The preset alone, as a file that loads by itself. Throws PolicyEditError. */
export function presetYaml(name: string, parameters: Readonly<Record<string, string>> = {}): string {
  const { description } = presetSource(name);
  const policy: Policy = {
    version: 1,
    mode: "enforce",
    preset: { name, description },
    network_policies: { [name]: presetEntry(name, parameters) },
    network_middlewares: {},
    credentials: {},
    tests: [],
  };
  return printPolicy(policy);
}

/** Adds the preset's entry, or brings it up to date; the same text when it is there already. Throws PolicyEditError. */
export function addPreset(yamlText: string, choice: PresetChoice): string {
  const before = policyOf(yamlText);
  const existing = entryOf(before, choice.name);
  if (existing === null) return insert(yamlText, before, choice);
  const [key, entry] = existing;
  const parameters = { ...entry.preset?.parameters, ...choice.parameters };
  const wanted = presetEntry(choice.name, parameters, key);
  if (canonicalJson(entry) === canonicalJson(wanted)) return yamlText;
  refuseChanged(choice.name, key, entry, "overwrite");
  const after = replaceEntry(yamlText, key, { block: entryLines(wanted, key), flow: entryFlow(wanted, key) });
  return verified(after, { ...before, network_policies: { ...before.network_policies, [key]: wanted } });
}

/**
 * Removes the preset's entry; the same text when there is none. Throws PolicyEditError when a person has changed the entry, and for a
 * name that neither the library nor the file knows, which would else look as if something had been removed.
 */
export function removePreset(yamlText: string, name: string): string {
  const policy = policyOf(yamlText);
  const existing = entryOf(policy, name);
  if (existing === null) {
    if (isPreset(name)) return yamlText;
    const here = [...new Set(appliedPresets(policy).map((applied) => applied.name))];
    const near = nearest(name, [...here, ...presets.map((preset) => preset.name)]);
    throw new PolicyEditError(
      `There is no preset of the name \`${name}\` here.${near === null ? "" : ` Did you mean \`${near}\`?`} ${here.length === 0 ? "The file holds none." : `The file holds: ${here.join(", ")}.`}`,
    );
  }
  refuseChanged(name, ...existing, "remove");
  return removeRule(yamlText, { entry: existing[0] });
}

/** The presets a policy carries, in the order of its entries. */
export function appliedPresets(policy: Policy): AppliedPreset[] {
  return Object.entries(policy.network_policies).flatMap(([key, entry]): AppliedPreset[] => {
    if (entry.preset === undefined) return [];
    const { name, parameters = {} } = entry.preset;
    return [{ name, entry: key, parameters, state: stateOf(key, entry, name) }];
  });
}

function stateOf(key: string, entry: PolicyEntry, name: string): AppliedPreset["state"] {
  if (!isPreset(name)) return "unknown";
  const now = currentEntry(key, entry);
  if (now !== null && canonicalJson(now) === canonicalJson(entry)) return "current";
  return isAsGiven(entry) ? "outdated" : "changed";
}

const isAsGiven = (entry: PolicyEntry): boolean => entry.preset?.checksum === entryChecksum(entry);

/** What the preset would give today; null when its parameters no longer fit. */
function currentEntry(key: string, entry: PolicyEntry): PolicyEntry | null {
  try {
    return presetEntry(entry.preset?.name ?? "", entry.preset?.parameters ?? {}, key);
  } catch (error) {
    if (error instanceof PolicyEditError) return null;
    throw error;
  }
}

function policyOf(text: string): Policy {
  const { policy, problems } = parsePolicy(text);
  if (policy === null) throw new PolicyEditError("The file has errors; repair them first.", problems);
  return policy;
}

function entryOf(policy: Policy, name: string): [string, PolicyEntry] | null {
  const found = Object.entries(policy.network_policies).filter(([, entry]) => entry.preset?.name === name);
  const [first, second] = found;
  if (first !== undefined && second !== undefined)
    throw new PolicyEditError(
      `Preset \`${name}\` stands here twice, as \`${first[0]}\` and \`${second[0]}\`. Remove \`preset\` from the one that is your own.`,
    );
  return first ?? null;
}

/** Lines of the difference that a message can carry. */
const DIFFERENCES_MAX = 6;

function refuseChanged(name: string, key: string, entry: PolicyEntry, verb: string): void {
  if (isAsGiven(entry)) return;
  const now = isPreset(name) ? currentEntry(key, entry) : null;
  const plain = (one: PolicyEntry) => entryLines({ ...one, preset: undefined }, key).join("\n");
  const lines = now === null ? [] : diffLines(plain(now), plain(entry)).filter((line) => line.kind !== "same");
  const shown = lines
    .slice(0, DIFFERENCES_MAX)
    .map((line) => `${line.kind === "added" ? "+" : "-"} ${line.text.trim()}`);
  const more = lines.length > DIFFERENCES_MAX ? `; and ${lines.length - DIFFERENCES_MAX} more lines` : "";
  throw new PolicyEditError(
    `Entry \`${key}\` was changed after preset \`${name}\` gave it${shown.length === 0 ? "" : ` (${shown.join("; ")}${more})`}. To ${verb} it, undo the change; to keep it as your own, remove its \`preset\` field.`,
  );
}

function insert(text: string, before: Policy, { name, parameters = {} }: PresetChoice): string {
  let key = name;
  for (let n = 2; Object.hasOwn(before.network_policies, key); n++) key = `${name}_${n}`;
  const entry = presetEntry(name, parameters, key);
  const root = openPolicy(text).document?.contents;
  const after = isMap(root)
    ? spliceEntry(text, root, key, { block: entryLines(entry, key), flow: entryFlow(entry, key) })
    : null;
  const expected: Policy = { ...before, network_policies: { ...before.network_policies, [key]: entry } };
  try {
    return verified(after, expected);
  } catch (error) {
    if (!(error instanceof PolicyEditError)) throw error;
    return verified(appendToDocument(text, key, entry), expected);
  }
}

/** Where text cannot be spliced, the document is edited; comments stay, spacing may change. */
function appendToDocument(text: string, key: string, entry: PolicyEntry): string | null {
  const { document } = openPolicy(text);
  if (document === null) return null;
  const value: unknown = openPolicy(entryFlow(entry, key)).document?.toJS();
  document.setIn(["network_policies", key], document.createNode(value));
  return printDocument(document);
}

function verified(text: string | null, expected: Policy): string {
  const read = text === null ? null : parsePolicy(text).policy;
  if (text === null || read === null || canonicalJson(read) !== canonicalJson(expected))
    throw new PolicyEditError(
      "The file's layout leaves no safe place for the preset. Add the entry by hand, as the preset alone prints it.",
    );
  return text;
}
