import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { policyWorkshop } from "./policy-support.ts";

const { creel } = policyWorkshop();
const root = new URL("../../../", import.meta.url);
const pages = ["README.md", ...readdirSync(new URL("docs/policy", root)).map((name) => `docs/policy/${name}`)].filter(
  (path) => path.endsWith(".md"),
);

/** `creel policy …` wherever a reader would copy it from: shell blocks and words in backticks. */
function commandsIn(text: string): string[] {
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap((match) => (match[1] ?? "").split("\n"));
  const words = [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? "");
  return [...blocks, ...words].flatMap((line) => /creel (policy [a-z][^|#>]*)/.exec(line)?.[1]?.trim() ?? []);
}

const subcommands = [
  "lint",
  "test",
  "format",
  "schema",
  "decide",
  "explain",
  "diff",
  "replay",
  "suggest",
  "allow",
  "preset",
];
const nested = ["ls", "show", "add", "rm", "tier"].map((name) => `preset ${name}`);
const help = new Map<string, string>();
beforeAll(async () => {
  for (const name of [...subcommands, ...nested])
    help.set(name, (await creel(["policy", ...name.split(" "), "--help"])).out);
});

test.each([...subcommands, ...nested])("creel policy %s --help has an example that its own options fit", (name) => {
  const text = help.get(name) ?? "";
  expect(text).toMatch(/^Examples?:\n {2}.*/m);
  const examples = text
    .slice(text.search(/^Examples?:/m))
    .split("\n")
    .flatMap((line) => commandsIn(`\`${line.trim().replaceAll("`", "")}\``));
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) expect(unknownOptions(example)).toEqual([]);
});

test("every command that a page names exists and has the options that it is shown with", () => {
  const found = pages.flatMap((path) =>
    commandsIn(readFileSync(new URL(path, root), "utf8")).map((command) => ({ path, command })),
  );
  expect(found.length).toBeGreaterThan(15);
  for (const { path, command } of found)
    expect({ path, command, unknown: unknownOptions(command) }).toEqual({ path, command, unknown: [] });
});

function unknownOptions(command: string): string[] {
  const [, first = "", second = ""] = command.split(/\s+/);
  const name = first === "preset" && nested.includes(`preset ${second}`) ? `preset ${second}` : first;
  const text = help.get(name);
  if (text === undefined) return [`creel policy ${first} is no command`];
  return [...command.matchAll(/(?<=\s)--[a-z-]+/g)].map((match) => match[0]).filter((option) => !text.includes(option));
}
