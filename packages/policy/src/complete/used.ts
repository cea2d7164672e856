/** What the file names already and is likely to name again. */
import { type Line, unquoted } from "./lines.ts";

export interface UsedWords {
  hosts: string[];
  programs: string[];
  ports: string[];
  /** Keys of `network_policies`. */
  entries: string[];
}

/** More would bury what is meant; the first ones of the file win. */
const WORDS_MAX = 200;

const HOST = /(?:^|[\s{,])host:\s+("[^"]*"|'[^']*'|[^\s,}\]#]+)/;
const PORT = /(?:^|[\s{,])port:\s+([0-9]{1,5})/;
const PATH = /(?:^|[\s{,])path:\s+("[^"]*"|'[^']*'|[^\s,}\]#]+)/;
const BINARY = /(?:^|[\s{,])binary:\s+("[^"]*"|'[^']*'|[^\s,}\]#]+)/;

export function usedWords(lines: readonly Line[]): UsedWords {
  const hosts = new Set<string>();
  const programs = new Set<string>();
  const ports = new Set<string>();
  const entries = new Set<string>();
  let section = "";
  let entryColumn: number | null = null;
  let binariesColumn: number | null = null;
  for (const line of lines) {
    if (line.opaque || line.indent === -1) continue;
    const { key } = line;
    if (key !== null && key.column === 0) section = key.name;
    else if (key !== null && section === "network_policies") {
      entryColumn ??= key.column;
      if (key.column === entryColumn) add(entries, key.name);
    }
    if (key?.name === "binaries") binariesColumn = key.column;
    else if (binariesColumn !== null && line.dashes.length === 0 && key !== null && key.column <= binariesColumn)
      binariesColumn = null;
    add(hosts, HOST.exec(line.text)?.[1]);
    add(ports, PORT.exec(line.text)?.[1]);
    add(programs, BINARY.exec(line.text)?.[1]);
    if (binariesColumn !== null) add(programs, PATH.exec(line.text)?.[1]);
  }
  return { hosts: [...hosts], programs: [...programs], ports: [...ports], entries: [...entries] };
}

function add(words: Set<string>, word: string | undefined): void {
  if (word === undefined || words.size >= WORDS_MAX) return;
  const plain = unquoted(word);
  if (plain !== "") words.add(plain);
}
