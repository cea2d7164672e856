/** Holds docs/threat-model.md and the cases to each other: every promise is attacked, every attack is on a promise, every file named exists. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Case } from "./model.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const FILE = join(root, "docs/threat-model.md");
/** `| `promise` | what holds | ids |` */
const ROW = /^\| `([a-z-]+)` \| (.+?) \|(.*)\|$/;

const idsFor = (promise: string, cases: readonly Case[]): string =>
  cases
    .filter((test) => test.promise === promise)
    .map(({ id }) => `\`${id}\``)
    .join(", ");

/** What is wrong between the page and the cases, one sentence each. */
export function docsProblems(cases: readonly Case[]): string[] {
  const text = readFileSync(FILE, "utf8");
  const promised = new Map<string, string>();
  for (const row of text.split("\n")) {
    const match = ROW.exec(row);
    if (match?.[1] !== undefined) promised.set(match[1], (match[3] ?? "").trim());
  }
  const problems: string[] = promised.size === 0 ? ["the page has no table of promises"] : [];
  for (const [promise, listed] of promised) {
    const ids = idsFor(promise, cases);
    if (ids === "") problems.push(`no case attacks the promise ${promise}`);
    else if (ids !== listed) problems.push(`the page lists other cases for ${promise} than there are`);
  }
  for (const { id, promise } of cases)
    if (!promised.has(promise)) problems.push(`${id} attacks ${promise}, which the page does not promise`);
  for (const [, path = ""] of text.matchAll(/`((?:packages|apps|e2e)\/[^`]+)`/g))
    if (!existsSync(join(root, path))) problems.push(`the page names ${path}, which does not exist`);
  return problems;
}

/** Puts the ids of the cases into the table. */
export function writeDocs(cases: readonly Case[]): void {
  const rows = readFileSync(FILE, "utf8").split("\n");
  const written = rows.map((row) => {
    const match = ROW.exec(row);
    return match === null ? row : `| \`${match[1]}\` | ${match[2]} | ${idsFor(match[1] ?? "", cases)} |`;
  });
  writeFileSync(FILE, written.join("\n"));
}
