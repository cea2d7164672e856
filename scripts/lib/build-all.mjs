import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "./bundle.mjs";
import { run } from "./child.mjs";
import { ensureCompiler } from "./compiler.mjs";
import { StepFailure } from "./failure.mjs";
import { step } from "./progress.mjs";
import { root } from "./root.mjs";
import { clearStamp, digestOf, isStamped, writeStamp } from "./stamp.mjs";

const STANDALONE = "apps/web/.next/standalone/apps/web";

/** Entry points of each bundled app: source -> name in `dist`. */
const BUNDLES = {
  cli: { creel: "src/main.ts" },
  hub: { hub: "src/main.ts" },
  "node-agent": { "node-agent": "src/main.ts", gateway: "src/gateway-process.ts" },
};

/** Packages that every start of a command would wait for. */
const INSIDE = {
  cli: ["@peculiar/x509", "commander", "reflect-metadata", "undici", "yaml", "zod"],
};

const shared = ["packages", "package-lock.json", "tsconfig.base.json"];

const bundlePart = (app) => ({
  name: app,
  title: `Bundling apps/${app}`,
  inputs: [...shared, `apps/${app}`, "scripts/lib/bundle.mjs"],
  outputs: Object.keys(BUNDLES[app]).map((name) => `apps/${app}/dist/${name}.js`),
  work: () => bundle({ app, entries: BUNDLES[app], inside: INSIDE[app] }),
});

const parts = [
  {
    name: "launcher",
    title: "Building creel-launch",
    inputs: ["packages/sandbox"],
    outputs: ["packages/sandbox/build/creel-launch"],
    before: ensureCompiler,
    work: async (note, compiler) => {
      const env = { ...process.env, CC: compiler };
      await must("Building creel-launch", process.execPath, ["packages/sandbox/build.mjs"], { env, onLine: note });
    },
  },
  ...Object.keys(BUNDLES).map(bundlePart),
  {
    name: "web",
    title: "Building the pages (next build)",
    inputs: [...shared, "apps/web"],
    outputs: [`${STANDALONE}/server.js`, `${STANDALONE}/.next/static`],
    work: buildPages,
  },
];

async function must(title, command, args, options) {
  const result = await run(command, args, { cwd: root, ...options });
  if (result.code === 0) return;
  throw new StepFailure({
    step: title,
    reason: `${args[0]} ended with ${result.signal ?? `exit code ${result.code}`}`,
    remedy: "What it said stands above.",
    output: result.output,
  });
}

async function buildPages(note) {
  rmSync(join(root, "apps/web/.next/standalone"), { recursive: true, force: true });
  const env = { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" };
  const next = join(root, "node_modules/next/dist/bin/next");
  await must("Building the pages", process.execPath, [next, "build"], {
    cwd: join(root, "apps/web"),
    env,
    onLine: note,
  });
  // The standalone server leaves the browser's files to a CDN; here it serves them itself.
  const target = join(root, STANDALONE);
  mkdirSync(join(target, ".next"), { recursive: true });
  cpSync(join(root, "apps/web/.next/static"), join(target, ".next/static"), { recursive: true });
  if (existsSync(join(root, "apps/web/public")))
    cpSync(join(root, "apps/web/public"), join(target, "public"), { recursive: true });
}

/** Builds what is not up to date; `only` names parts (launcher, cli, hub, node-agent, web). */
export async function buildAll({ force = false, only = [] } = {}) {
  const unknown = only.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0) {
    throw new StepFailure({
      step: "npm run build",
      reason: `there is no part named ${unknown.join(", ")}`,
      remedy: `Parts are ${parts.map((part) => part.name).join(", ")}; none named means all.`,
    });
  }
  for (const part of parts) {
    if (only.length > 0 && !only.includes(part.name)) continue;
    const stamp = join(root, `.cache/built/${part.name}`);
    const digest = digestOf(part.inputs);
    const fresh = isStamped(stamp, digest) && part.outputs.every((path) => existsSync(join(root, path)));
    if (fresh && !force) continue;
    const prepared = await part.before?.();
    clearStamp(stamp);
    await step(part.title, (note) => part.work(note, prepared));
    writeStamp(stamp, digest);
  }
}
