/** The proposals for one place. */
import type { Field, Spec } from "../schema/spec.ts";
import { fits, protocolOf } from "./fits.ts";
import type { Resolved } from "./resolve.ts";
import type { Spot } from "./types.ts";
import type { UsedWords } from "./used.ts";
import { methodsOf, outdatedWords, wellKnownHeaders, wellKnownPaths, wellKnownPorts, wordMeanings } from "./words.ts";

export interface CompletionOption {
  label: string;
  /** One sentence. */
  detail: string;
  kind: "field" | "value" | "host" | "program" | "entry";
  /** Replaces the text from `from` to `to`. */
  insert: string;
}

export function keyOptions(at: Resolved, spot: Spot): CompletionOption[] {
  const { spec } = at;
  if (spec.kind === "object")
    return Object.entries(spec.fields)
      .filter(([name, field]) => offered(name, field, at, spot))
      .map(([name, field]) => ({
        label: name,
        detail: field.doc,
        kind: "field",
        insert: spot.hasColon ? name : `${name}:${opening(field.spec, spot)}`,
      }));
  if (spec.kind === "map" || (spec.kind === "matcher" && spec.nested)) return mapKeys(at, spot);
  if (spec.kind === "list" && !spot.flow) return itemStart(spec.of);
  return [];
}

const offered = (name: string, field: Field, at: Resolved, spot: Spot): boolean =>
  !spot.siblings.has(name) &&
  !field.doc.startsWith("Deprecated") &&
  fits({ name, at, steps: spot.steps, siblings: spot.siblings });

/** What follows the colon: nothing for a plain value, else the first line of what is inside. */
function opening(spec: Spec, spot: Spot): string {
  if (spot.flow) return spec.kind === "object" || spec.kind === "map" ? " { " : spec.kind === "list" ? " [" : " ";
  const deeper = `\n${" ".repeat(spot.indent + 2)}`;
  if (spec.kind === "object" || spec.kind === "map") return deeper;
  return spec.kind === "list" ? `${deeper}- ` : " ";
}

function mapKeys(at: Resolved, spot: Spot): CompletionOption[] {
  const names = at.pattern.endsWith(".headers")
    ? wellKnownHeaders.map((name) => [name, "Header name."] as const)
    : at.pattern.endsWith(".params")
      ? ([
          ["name", "Name of the tool."],
          ["arguments", "Arguments of the tool, by name."],
        ] as const)
      : [];
  const after = spot.hasColon ? "" : ": ";
  return names
    .filter(([name]) => !spot.siblings.has(name))
    .map(([label, detail]) => ({ label, detail, kind: "field", insert: `${label}${after}` }));
}

/** On a line under a list whose dash is still missing. */
function itemStart(of: Spec): CompletionOption[] {
  if (of.kind !== "object") return [{ label: "-", detail: "A further item.", kind: "value", insert: "- " }];
  const [first] = Object.entries(of.fields);
  if (first === undefined) return [];
  return [{ label: `- ${first[0]}`, detail: first[1].doc, kind: "field", insert: `- ${first[0]}: ` }];
}

export function valueOptions(at: Resolved, spot: Spot, used: UsedWords): CompletionOption[] {
  const { spec, pattern } = at;
  const name = pattern.split(".").at(-1)?.replace(/\[\]$/, "") ?? "";
  if (spec.kind === "boolean")
    return [
      { label: "true", detail: "Yes.", kind: "value", insert: "true" },
      { label: "false", detail: "No.", kind: "value", insert: "false" },
    ];
  if (spec.kind === "choice")
    return spec.of
      .map(String)
      .filter((word) => !outdatedWords.has(`${name}:${word}`))
      .map((word) => plain("value", word, wordMeanings[`${name}:${word}`] ?? at.field?.doc ?? ""));
  if (name === "port" || name === "ports") return ports(used);
  if (spec.kind === "identity") return [plain("value", "sandbox", "The sandbox's own user.")];
  if (spec.kind === "text") return textValues(at, name, spot, used);
  return [];
}

function textValues(at: Resolved, name: string, spot: Spot, used: UsedWords): CompletionOption[] {
  const { pattern } = at;
  if (name === "host" || name === "include" || name === "exclude")
    return used.hosts.map((host) => plain("host", host, "Host that the file names already."));
  if (/(binaries\[\]\.path|request\.binary|\.ancestors\[\])$/.test(pattern))
    return used.programs.map((program) => plain("program", program, "Program that the file names already."));
  if (name === "rule") return used.entries.map((entry) => plain("entry", entry, "Entry of this file."));
  if (name === "method") return methods(pattern, spot);
  if (pattern.startsWith("filesystem_policy.read"))
    return wellKnownPaths.map(([path, meaning]) => plain("value", path, meaning));
  if (name === "path" && pattern.includes("endpoints[]")) return [plain("value", "/**", "Every path.")];
  return [];
}

function methods(pattern: string, spot: Spot): CompletionOption[] {
  const protocol = pattern.startsWith("tests") ? "rest" : (protocolOf(spot.steps) ?? "rest");
  const words = methodsOf[protocol] ?? methodsOf.http ?? [];
  return words.map(([method, meaning]) => plain("value", method, meaning));
}

function ports(used: UsedWords): CompletionOption[] {
  const known = new Set(wellKnownPorts.map(([port]) => port));
  return [
    ...wellKnownPorts.map(([port, meaning]) => plain("value", port, meaning)),
    ...used.ports
      .filter((port) => !known.has(port))
      .map((port) => plain("value", port, "Port that the file names already.")),
  ];
}

const plain = (kind: CompletionOption["kind"], word: string, detail: string): CompletionOption => ({
  label: word,
  detail,
  kind,
  insert: scalar(word),
});

/** As YAML reads it back: quoted where a bare word would mean something else. */
const scalar = (word: string): string =>
  /^[A-Za-z0-9_/.][A-Za-z0-9_./*@+-]*$/.test(word) ? word : JSON.stringify(word);
