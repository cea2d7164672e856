// Builds creel-launch with whatever C compiler the machine has. Static when libc.a is there, so that the launcher needs
// nothing of the host at run time. CC may name the compiler.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compiler, NO_COMPILER } from "./compiler.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const sources = join(here, "src", "launch");
const target = join(here, "build", "creel-launch");
// Built beside the target and moved over it: a running launcher keeps its file, a broken build leaves the old one.
const fresh = `${target}.${process.pid}`;
const flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-pthread"];

if (!compiler) {
  process.stderr.write(`creel-launch: ${NO_COMPILER}\n`);
  process.exit(1);
}
const files = readdirSync(sources)
  .filter((name) => name.endsWith(".c"))
  .sort()
  .map((name) => join(sources, name));
mkdirSync(dirname(target), { recursive: true });
const compile = (extra) => spawnSync(compiler, [...flags, ...extra, "-o", fresh, ...files], { encoding: "utf8" });
let result = compile(["-static"]);
let kind = "static";
if (result.status !== 0) {
  result = compile(["-pie", "-fPIE"]);
  kind = "dynamic";
}
if (result.status !== 0) {
  rmSync(fresh, { force: true });
  process.stderr.write(`creel-launch: ${compiler} failed\n${result.stderr}`);
  process.exit(1);
}
process.stderr.write(result.stderr);
renameSync(fresh, target);
process.stdout.write(`creel-launch: built (${kind}, ${compiler})\n`);
