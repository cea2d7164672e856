/**
 * Gives one program of a shared entry an entry of its own, so that it can lose what the others keep. Invariant: the others' entry
 * changes by that program alone, and the program's own entry has what it had, less what was asked.
 */
import { isMap } from "yaml";
import { canonicalJson } from "../canonical/json.ts";
import type { Endpoint, Policy, PolicyEntry } from "../model.ts";
import { openPolicy, parsePolicy } from "../parse.ts";
import { entryShape } from "../print/file-shape.ts";
import { blockLines, entrySpec, flowText } from "../print/layout.ts";
import { PolicyEditError } from "./error.ts";
import { removeItem } from "./remove-item.ts";
import { spliceEntry } from "./splice.ts";

export interface Split {
  key: string;
  /** Positions of the program among the entry's binaries. */
  binaries: readonly number[];
  /** What the program keeps. */
  endpoints: readonly Endpoint[];
}

/** Throws PolicyEditError when a copy would be worth more than the original, or when the layout leaves no safe place. */
export function splitOut(text: string, policy: Policy, { key, binaries, endpoints }: Split): string {
  const entry = policy.network_policies[key];
  if (entry === undefined) return text;
  if (entry.limits !== undefined && endpoints.length > 0)
    throw new PolicyEditError(
      `Entry \`${key}\` is shared and has \`limits\`; an entry of its own would give the program a second budget. Split it by hand.`,
    );
  const program = entry.binaries[binaries[0] ?? -1]?.path.split("/").at(-1) ?? "program";
  const rest: PolicyEntry = { ...entry, binaries: entry.binaries.filter((_, i) => !binaries.includes(i)) };
  const own: PolicyEntry = {
    ...entry,
    binaries: entry.binaries.filter((_, i) => binaries.includes(i)),
    endpoints: [...endpoints],
    preset: undefined,
  };
  const name = freshKey(policy, `${key}_${program}`);
  const titled = { ...own, name: entry.name === key ? name : entry.name };
  const entries = { ...policy.network_policies, [key]: rest, ...(endpoints.length === 0 ? {} : { [name]: titled }) };
  let after: string | null = text;
  for (const index of [...binaries].reverse()) after = removeItem(after, ["network_policies", key, "binaries", index]);
  if (endpoints.length > 0) {
    const root = openPolicy(after).document?.contents;
    const shape = entryShape(titled, name);
    after = isMap(root)
      ? spliceEntry(after, root, name, { block: blockLines(shape, entrySpec), flow: flowText(shape, entrySpec) })
      : null;
  }
  const read = after === null ? null : parsePolicy(after).policy;
  if (
    after === null ||
    read === null ||
    canonicalJson(read) !== canonicalJson({ ...policy, network_policies: entries })
  )
    throw new PolicyEditError(`The file's layout leaves no safe way to split entry \`${key}\`. Split it by hand.`);
  return after;
}

function freshKey(policy: Policy, wanted: string): string {
  const base = wanted.replace(/[^A-Za-z0-9_.-]+/g, "_");
  let key = base;
  for (let n = 2; Object.hasOwn(policy.network_policies, key); n++) key = `${base}_${n}`;
  return key;
}
