import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative } from "node:path";
import { StepFailure } from "./failure.mjs";
import { root } from "./root.mjs";

/**
 * npm packages stay outside the bundle, as long as the bundle finds the same copy that the source would have found.
 * One that npm put into a workspace's own node_modules (another version than the root's) is bundled in, and so are those named `inside`,
 * with what they import: a package of a hundred files takes longer to find and read than to run.
 */
const npmOutside = (appFolder, inside) => ({
  name: "npm-outside",
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, async (args) => {
      if (args.pluginData === "asking" || isBuiltin(args.path) || args.path.startsWith("@creel/")) return undefined;
      if (isNamed(args.path, inside) || (inside.length > 0 && /[\\/]node_modules[\\/]/.test(args.importer)))
        return undefined;
      const ask = (resolveDir) => build.resolve(args.path, { kind: args.kind, resolveDir, pluginData: "asking" });
      const fromSource = await ask(args.resolveDir);
      const fromBundle = await ask(appFolder);
      if (fromSource.errors.length > 0) return { errors: fromSource.errors };
      if (fromSource.path !== fromBundle.path) return { path: fromSource.path };
      return { path: args.path, external: true };
    });
  },
});

const isNamed = (path, names) => names.some((name) => path === name || path.startsWith(`${name}/`));

/** `import.meta.url` of a source file goes on naming that file, so that what lies beside it (SQL, C, fixtures) is found. */
const keepFileUrls = (outFolder) => ({
  name: "keep-file-urls",
  setup(build) {
    build.onLoad({ filter: /\/(packages|apps)\/[^/]+\/src\/.*\.ts$/ }, (args) => {
      const text = readFileSync(args.path, "utf8");
      if (/import\.meta\.(dirname|filename)/.test(text)) {
        return { errors: [{ text: `${args.path}: import.meta.dirname needs Node 20.11; use import.meta.url` }] };
      }
      if (!text.includes("import.meta.url")) return undefined;
      const here = JSON.stringify(relative(outFolder, args.path));
      return { loader: "ts", contents: text.replaceAll("import.meta.url", `new URL(${here}, import.meta.url).href`) };
    });
  },
});

/** zod brings its messages in fifty languages, a third of a megabyte that every command would compile; ours speak English. */
const oneLanguage = {
  name: "one-language",
  setup(build) {
    build.onLoad({ filter: /\/node_modules\/zod\/v4\/locales\/index\.(js|mjs)$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
      loader: "js",
    }));
  },
};

/** Bundles one app into `apps/<app>/dist`; commands that are imported lazily become chunks of their own. */
export async function bundle({ app, entries, inside = [] }) {
  const esbuild = await import("esbuild");
  const folder = join(root, "apps", app);
  const out = join(folder, "dist");
  let built;
  try {
    built = await esbuild.build({
      absWorkingDir: folder,
      entryPoints: Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, join(folder, path)])),
      outdir: out,
      // Written below: a build that fails leaves the one before it as it is.
      write: false,
      bundle: true,
      splitting: true,
      platform: "node",
      format: "esm",
      target: "node20",
      sourcemap: "linked",
      sourcesContent: false,
      logLevel: "silent",
      // For CommonJS packages that had to be bundled in; a global, because a source file may declare its own `require`.
      banner: {
        js: 'import { createRequire as creelRequire } from "node:module"; globalThis.require ??= creelRequire(import.meta.url);',
      },
      plugins: [npmOutside(folder, inside), oneLanguage, keepFileUrls(out)],
    });
  } catch (error) {
    const lines = (error.errors ?? []).map(
      (e) => `${e.location ? `${e.location.file}:${e.location.line}: ` : ""}${e.text}`,
    );
    throw new StepFailure({
      step: `Bundling apps/${app}`,
      reason: lines[0] ?? String(error),
      remedy: "The whole list stands above.",
      output: lines.join("\n"),
    });
  }
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const { path, contents } of built.outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
  }
}
