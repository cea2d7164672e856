// `node packages/policy/fuzz/main.mjs mutate|growth|hostile|oracle [--minutes N] [--seed N] [--requests N] [--target NAME]`
import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../../..");
const COMMANDS = ["mutate", "growth", "hostile", "oracle", "cedar"];

const args = process.argv.slice(2);
const command = args[0]?.startsWith("-") === false ? args[0] : "mutate";
const numberOf = (name, fallback) => {
  const at = args.indexOf(`--${name}`);
  const value = at === -1 ? fallback : Number(args[at + 1]);
  if (!Number.isFinite(value) || value < 0) usage(`--${name} takes a number`);
  return value;
};
function usage(why) {
  process.stderr.write(
    `fuzz: ${why}\n      node packages/policy/fuzz/main.mjs ${COMMANDS.join("|")} [--minutes N] [--seed N] [--requests N] [--target NAME]\n`,
  );
  process.exit(2);
}
if (!COMMANDS.includes(command)) usage(`there is no "${command}"`);
const targetAt = args.indexOf("--target");
const options = {
  command,
  minutes: numberOf("minutes", 1),
  seed: numberOf("seed", 1),
  requests: numberOf("requests", 100_000),
  target: targetAt === -1 ? null : (args[targetAt + 1] ?? usage("--target takes a name")),
  keepIn: `${root}/.cache/fuzz/found`,
};

// One bundle per run: a long run goes on with the code it began with while the sources change.
const out = `${root}/.cache/fuzz/run-${process.pid}.mjs`;
mkdirSync(options.keepIn, { recursive: true });
await build({
  entryPoints: [`${here}/run.ts`],
  outfile: out,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  external: ["@cedar-policy/*"],
  banner: {
    js: 'import { createRequire as creelRequire } from "node:module"; globalThis.require ??= creelRequire(import.meta.url);',
  },
});
const { run } = await import(pathToFileURL(out).href);
process.exit(await run(options, (line) => process.stdout.write(`${line}\n`)));
