import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { root } from "./root.mjs";

const SKIPPED = new Set(["node_modules", ".git", "dist", "build", ".next", ".creel", ".cache", "test-results"]);
/** What `npm run build`, `npm start` and the tests make: named in the docs, absent from a clone. */
const GENERATED = /(^|\/)(dist|build|node_modules|\.creel|\.next|\.cache|test-results)(\/|$)/;

function* markdownUnder(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (SKIPPED.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* markdownUnder(path);
    else if (entry.name === "AGENTS.md" || entry.name === "README.md" || /^docs\/.*\.md$/.test(relative(root, path)))
      yield path;
  }
}

/** Words in backticks or link targets that can only be meant as a path of this repository. */
function pathsIn(text) {
  const quoted = [...text.replace(/```[\s\S]*?```/g, "").matchAll(/`([^`\n]+)`/g)].map((match) => match[1]);
  const linked = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map((match) => match[1]);
  return [
    ...quoted.filter(
      (word) =>
        /^[\w@.-]+(\/[\w@.-]+)*\/?$/.test(word) &&
        /^(apps|packages|scripts|docs|e2e|bench|agents|infra|\.ci|src|test)\//.test(word),
    ),
    ...linked.filter((target) => !/^[a-z]+:/.test(target)),
  ];
}

/** Every path that an AGENTS.md, README or document names exists, from the root or from where the document lies. */
export function checkDocRefs() {
  let passed = 0;
  let failed = 0;
  for (const file of markdownUnder(root)) {
    const text = readFileSync(file, "utf8");
    for (const path of new Set(pathsIn(text))) {
      if (GENERATED.test(path)) continue;
      // `src/` in a document above the packages speaks of any of them.
      if (/^(src|test)\//.test(path) && !existsSync(join(dirname(file), "src"))) continue;
      const found = [root, dirname(file)].some((base) => existsSync(join(base, path)));
      if (found) passed += 1;
      else {
        failed += 1;
        const line = text.slice(0, text.indexOf(path)).split("\n").length;
        process.stdout.write(`${relative(root, file)}:${line}: names \`${path}\`, which does not exist\n`);
      }
    }
  }
  process.stdout.write(`${passed + failed} paths named in documents, ${failed} missing\n`);
  // One check, however many paths: the totals of the run should count guarantees, not words.
  return failed === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed };
}
