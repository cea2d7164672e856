// `node packages/gateway/fuzz/main.mjs [http|secure|names] [--minutes N] [--seed N]`: exit 0 when everything held, 1 when something broke.
import { mkdirSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../../..");
const args = process.argv.slice(2);
const TARGETS = ["all", "http", "secure", "names"];
const target = args[0]?.startsWith("-") === false ? args[0] : "all";
function usage(why) {
  process.stderr.write(
    `fuzz: ${why}\n      node packages/gateway/fuzz/main.mjs [${TARGETS.join("|")}] [--minutes N] [--seed N]\n`,
  );
  process.exit(2);
}
if (!TARGETS.includes(target)) usage(`there is no target "${target}"`);
const numberOf = (name, fallback) => {
  const at = args.indexOf(`--${name}`);
  const value = at === -1 ? fallback : Number(args[at + 1]);
  if (!Number.isFinite(value) || value < 0) usage(`--${name} takes a number`);
  return value;
};

// One bundle per run: a long run goes on with the code it began with while the sources change.
const folder = `${root}/.cache/fuzz`;
const out = `${folder}/gateway-${process.pid}.mjs`;
mkdirSync(folder, { recursive: true });
await build({
  entryPoints: [`${here}/run.ts`],
  outfile: out,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  external: ["vitest"],
  banner: {
    js: 'import { createRequire as creelRequire } from "node:module"; globalThis.require ??= creelRequire(import.meta.url);',
  },
});
const { run } = await import(pathToFileURL(out).href);
rmSync(out);
const status = await run({ target, minutes: numberOf("minutes", 1), seed: numberOf("seed", 1) }, (line) =>
  process.stdout.write(`${line}\n`),
);
process.exit(status);
