/** The entries as YAML: a new file, or spliced into a person's own so that every other byte stays. */
import { isMap, isSeq, parseDocument } from "yaml";
import { literalGlob } from "../edit/request.ts";
import { appendItem, type Snippet, spliceEntry } from "../edit/splice.ts";
import { printDocument } from "../print/document.ts";
import { scalarText as scalar } from "../print/scalar.ts";

export interface DraftRule {
  method: string;
  pattern: string;
}
export interface DraftEndpoint {
  host: string;
  port: number;
  /** `none` relays to a bare address, where protocol tcp cannot stand. */
  protocol: "rest" | "tcp" | "none";
  encodedSlash: boolean;
  rules: readonly DraftRule[];
}
export interface DraftEntry {
  key: string;
  /** The base has an entry of this key for this program alone; the endpoints are added to it. */
  extends: boolean;
  program: string;
  endpoints: readonly DraftEndpoint[];
}

export const EMPTY_POLICY = "version: 1\n";

/** The texts with the entries added, the best first; the caller takes the first that reads back as it was meant. */
export function writeEntries(baseYaml: string | undefined, entries: readonly DraftEntry[]): (() => string | null)[] {
  if (entries.length === 0) return [() => baseYaml ?? EMPTY_POLICY];
  if (baseYaml === undefined) return [() => freshFile(entries)];
  return [() => splice(baseYaml, entries), () => editDocument(baseYaml, entries)];
}

function freshFile(entries: readonly DraftEntry[]): string {
  const blocks = entries.map(({ key, ...entry }) => [
    `  ${scalar(key)}:`,
    ...snippetOf(entry).block.map((line) => `    ${line}`),
  ]);
  return `version: 1\nnetwork_policies:\n${blocks.map((lines) => `${lines.join("\n")}\n`).join("")}`;
}

function splice(text: string, entries: readonly DraftEntry[]): string | null {
  let spliced = text;
  for (const entry of entries)
    for (const insert of insertionsOf(entry)) {
      const next = insert(spliced);
      if (next === null) return null;
      spliced = next;
    }
  return spliced;
}

function insertionsOf(entry: DraftEntry): ((text: string) => string | null)[] {
  const read = (text: string) => parseDocument(text, { uniqueKeys: false, merge: false });
  if (!entry.extends)
    return [
      (text) => {
        const { contents } = read(text);
        return isMap(contents) ? spliceEntry(text, contents, entry.key, snippetOf(entry)) : null;
      },
    ];
  return entry.endpoints.map((endpoint) => (text) => {
    const list = read(text).getIn(endpointsOf(entry), true);
    const { lines, flow } = endpointLines(endpoint);
    return isSeq(list) ? appendItem(text, list, { block: lines, flow }) : null;
  });
}

const endpointsOf = ({ key }: DraftEntry): string[] => ["network_policies", key, "endpoints"];

/** Comments stay, spacing may change. */
function editDocument(text: string, entries: readonly DraftEntry[]): string {
  const document = parseDocument(text, { uniqueKeys: false, merge: false });
  const nodeOf = (flow: string) => document.createNode(parseDocument(flow).toJS() as unknown);
  for (const entry of entries)
    if (entry.extends)
      for (const endpoint of entry.endpoints) document.addIn(endpointsOf(entry), nodeOf(endpointLines(endpoint).flow));
    else document.setIn(["network_policies", entry.key], nodeOf(snippetOf(entry).flow));
  return printDocument(document);
}

const ruleFlow = ({ method, pattern }: DraftRule): string => `{ method: ${scalar(method)}, path: ${scalar(pattern)} }`;

function endpointLines(endpoint: DraftEndpoint): { lines: string[]; flow: string } {
  const fields = [`host: ${scalar(endpoint.host)}`, `port: ${endpoint.port}`];
  if (endpoint.protocol !== "none") fields.push(`protocol: ${endpoint.protocol}`);
  if (endpoint.encodedSlash) fields.push("allow_encoded_slash: true");
  if (endpoint.protocol !== "rest") return { lines: fields, flow: `{ ${fields.join(", ")} }` };
  const lines = [...fields, "rules:", ...endpoint.rules.map((rule) => `  - allow: ${ruleFlow(rule)}`)];
  const rules = endpoint.rules.map((rule) => `{ allow: ${ruleFlow(rule)} }`).join(", ");
  return { lines, flow: `{ ${fields.join(", ")}, rules: [${rules}] }` };
}

function snippetOf(entry: Omit<DraftEntry, "key" | "extends">): Snippet {
  const endpoints = entry.endpoints.map(endpointLines);
  const binary = `path: ${scalar(literalGlob(entry.program))}`;
  return {
    block: [
      "endpoints:",
      ...endpoints.flatMap(({ lines }) => lines.map((line, i) => (i === 0 ? `  - ${line}` : `    ${line}`))),
      "binaries:",
      `  - ${binary}`,
    ],
    flow: `{ endpoints: [${endpoints.map(({ flow }) => flow).join(", ")}], binaries: [{ ${binary} }] }`,
  };
}

/** A readable key for each program: its name, or where that is taken its whole path. Depends on the set of programs alone. */
export function keysFor(programs: readonly string[], taken: ReadonlySet<string>): Map<string, string> {
  const plain = (text: string): string =>
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "_")
      .replace(/^_+|_+$/g, "") || "program";
  const nameOf = (program: string): string => plain(program.split("/").at(-1) ?? "");
  const names = new Map<string, number>();
  for (const program of programs) names.set(nameOf(program), (names.get(nameOf(program)) ?? 0) + 1);
  const used = new Set(taken);
  const keys = new Map<string, string>();
  for (const program of [...programs].sort()) {
    const wanted = (names.get(nameOf(program)) ?? 0) > 1 ? plain(program) : nameOf(program);
    let key = wanted;
    for (let n = 2; used.has(key); n++) key = `${wanted}_${n}`;
    used.add(key);
    keys.set(program, key);
  }
  return keys;
}
