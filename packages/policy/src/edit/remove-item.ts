/**
 * Removes one item of `network_policies` from a file. Threat: a cut in the text that takes more, or less, than was meant. Invariant:
 * what comes out is parsed, and is exactly the policy that went in without that item.
 */
import { isMap } from "yaml";
import { canonicalJson } from "../canonical/json.ts";
import { isRecord } from "../canonical/record.ts";
import { type OpenedPolicy, openPolicy, parsePolicy } from "../parse.ts";
import { printDocument } from "../print/document.ts";
import { flowText } from "../print/layout.ts";
import { PolicyEditError } from "./error.ts";
import { cutNode, type NodePath, spotOf } from "./remove-node.ts";

/**
 * Removes the item at `path`, e.g. `["network_policies", "github", "endpoints", 0, "deny_rules", 1]`: an entry, endpoint, binary,
 * port, rule or deny rule. What would be left empty goes too: an endpoint without rules or ports, an entry without endpoints or
 * binaries, an empty `deny_rules`. It does just that and does not ask whether something is allowed afterwards that was not.
 * Throws PolicyEditError when the file has errors, when nothing is there, or when the layout leaves no safe cut.
 */
export function removeItem(yamlText: string, path: NodePath): string {
  const opened = openPolicy(yamlText);
  const { document, policy, problems } = opened;
  if (policy === null || document === null)
    throw new PolicyEditError("The file has errors; repair them first.", problems);
  const raw: unknown = document.toJS();
  if (path[0] !== "network_policies" || path.length < 2 || spotOf(document.contents, path) === null)
    throw new PolicyEditError(`The file has no ${fieldOf(path)}.`);
  const whole = climb(raw, path);
  const expected = policyWithout(raw, whole);
  if (expected === null)
    throw new PolicyEditError(`Without ${fieldOf(path)} the file would not be valid. Change it by hand.`);
  for (const edit of [cutText, editDocument]) {
    const after = edit(yamlText, opened, whole);
    if (after === null) continue;
    const read = parsePolicy(after).policy;
    if (read !== null && canonicalJson(read) === expected) return after;
  }
  throw new PolicyEditError(`The file's layout leaves no safe way to remove ${fieldOf(path)}. Remove it by hand.`);
}

export const fieldOf = (path: NodePath): string =>
  `\`${path.map((step, i) => (typeof step === "number" ? `[${step}]` : `${i === 0 ? "" : "."}${step}`)).join("")}\``;

/** Lists that mean nothing, or something else, when they are empty: what holds them goes with their last item. */
const GOES_WITH_ITS_HOLDER = new Set<string | number>(["rules", "ports", "endpoints", "binaries"]);

/** The item that must go so that nothing empty is left behind. */
function climb(raw: unknown, path: NodePath): NodePath {
  const list = valueAt(raw, path.slice(0, -1));
  if (!Array.isArray(list) || list.length > 1) return path;
  const name = path.at(-2) ?? "";
  if (name === "deny_rules") return path.slice(0, -1);
  return GOES_WITH_ITS_HOLDER.has(name) ? climb(raw, path.slice(0, -2)) : path;
}

function valueAt(raw: unknown, path: NodePath): unknown {
  let value = raw;
  for (const step of path) {
    if (Array.isArray(value) && typeof step === "number") value = value[step];
    else if (isRecord(value) && Object.hasOwn(value, step)) value = value[step];
    else return undefined;
  }
  return value;
}

const without = (value: unknown, [step, ...rest]: NodePath): unknown => {
  if (step === undefined) return value;
  if (Array.isArray(value))
    return rest.length === 0
      ? value.filter((_, i) => i !== step)
      : value.map((item, i) => (i === step ? without(item, rest) : item));
  if (!isRecord(value)) return value;
  const pairs = Object.entries(value).flatMap(([key, child]) =>
    key !== String(step) ? [[key, child]] : rest.length === 0 ? [] : [[key, without(child, rest)]],
  );
  return Object.fromEntries(pairs);
};

/** Its canonical text; null when what is left is no valid policy. */
function policyWithout(raw: unknown, path: NodePath): string | null {
  const { policy } = parsePolicy(flowText(without(raw, path), { kind: "any" }));
  return policy === null ? null : canonicalJson(policy);
}

function cutText(text: string, { document }: OpenedPolicy, path: NodePath): string | null {
  const root = document?.contents;
  const section = spotOf(root, ["network_policies"]);
  const entries = section !== null && isMap(section.parent) ? section.parent.items[section.index]?.value : null;
  const isLastEntry = path.length === 2 && isMap(entries) && entries.items.length === 1 && entries.flow !== true;
  const cut = cutNode(text, root, path);
  if (!isLastEntry || cut === null) return cut;
  // The section goes with its last entry, unless somebody wrote something there.
  const withSection = cutNode(text, root, ["network_policies"]);
  const gone = withSection === null ? "#" : linesGone(text, withSection);
  return gone.includes("#") || withSection === null ? cut : withSection;
}

/** What stands in `before` and not in `after`, which is `before` with one piece cut out. */
function linesGone(before: string, after: string): string {
  let head = 0;
  while (head < after.length && before[head] === after[head]) head++;
  return before.slice(head, head + before.length - after.length);
}

/** Where text cannot be cut, the document is edited; comments stay, spacing may change. */
function editDocument(text: string, _opened: OpenedPolicy, path: NodePath): string | null {
  const { document } = openPolicy(text);
  const spot = spotOf(document?.contents, path);
  if (document === null || spot === null) return null;
  spot.parent.items.splice(spot.index, 1);
  if (spot.parent.items.length === 0) spot.parent.flow = true;
  return printDocument(document);
}
