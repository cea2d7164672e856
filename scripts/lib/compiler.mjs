import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./child.mjs";
import { StepFailure } from "./failure.mjs";
import { step } from "./progress.mjs";

const PROGRAM = "#include <stdio.h>\n#include <linux/types.h>\nint main(void) { return 0; }\n";
const PACKAGES = ["gcc", "libc6-dev"];
const COMPILE_TIMEOUT_MS = 30_000;

/**
 * Compiles and runs a program: a compiler that is listed by dpkg but lacks its headers or `cc1` does not count. Static is preferred
 * and not needed: some distributions ship the static C library apart.
 */
function compiles(command) {
  const folder = mkdtempSync(join(tmpdir(), "creel-cc-"));
  const out = join(folder, "probe");
  const options = { input: PROGRAM, timeout: COMPILE_TIMEOUT_MS };
  try {
    return [["-static"], []].some(
      (flags) =>
        spawnSync(command, [...flags, "-x", "c", "-o", out, "-"], options).status === 0 &&
        spawnSync(out, { timeout: COMPILE_TIMEOUT_MS }).status === 0,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The first C compiler that works: `$CC`, then `cc`, `gcc`, `clang`. */
export function findCompiler() {
  return [process.env.CC, "cc", "gcc", "clang"].find((name) => name && compiles(name)) ?? null;
}

const has = (command) => spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;
const dpkgKnows = (name) =>
  spawnSync("dpkg-query", ["-W", "-f", `\${Status}`, name], { encoding: "utf8" }).stdout?.includes(
    "install ok installed",
  );

async function apt(args, note) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // Another apt (an unattended upgrade, say) may hold the lock for a while.
  const result = await run("apt-get", ["-o", "DPkg::Lock::Timeout=120", ...args], { env, onLine: note });
  if (result.code !== 0 && result.output.includes("dpkg --configure -a")) {
    await run("dpkg", ["--configure", "-a"], { env, onLine: note });
    return run("apt-get", ["-o", "DPkg::Lock::Timeout=120", ...args], { env, onLine: note });
  }
  return result;
}

/** Finds a C compiler, or installs one as root on Debian and Ubuntu, or fails with the one command to type. */
export async function ensureCompiler() {
  const found = findCompiler();
  if (found) return found;
  const title = "Installing a C compiler (the sandbox launcher is built here)";
  const command = `apt-get update && apt-get install -y --no-install-recommends ${PACKAGES.join(" ")}`;
  if (!has("apt-get")) {
    throw new StepFailure({
      step: "Looking for a C compiler",
      reason: "none of $CC, cc, gcc or clang can build a program here, and there is no apt-get to install one",
      remedy:
        "Install gcc and the C library's headers and static library with this system's package manager, then run this again.",
    });
  }
  if (process.getuid?.() !== 0) {
    throw new StepFailure({
      step: "Looking for a C compiler",
      reason: "none of $CC, cc, gcc or clang can build a program here, and installing one needs root",
      remedy: `Run this one command, then start again:\n\n    sudo sh -c '${command}'\n`,
    });
  }
  return step(title, async (note) => {
    const install = [
      "install",
      "-y",
      "--no-install-recommends",
      ...(PACKAGES.some(dpkgKnows) ? ["--reinstall"] : []),
      ...PACKAGES,
    ];
    let result = await apt(install, note);
    if (result.code !== 0) {
      // A fresh image has no package lists, an old one stale ones; both are cured by an update.
      await apt(["update"], note);
      result = await apt(install, note);
    }
    const compiler = findCompiler() ?? (await reinstallBroken(note));
    if (compiler) return compiler;
    throw new StepFailure({
      step: title,
      reason:
        result.code === 0
          ? "the packages are installed, yet no compiler works"
          : "apt-get could not install it; this step needs the network and working package sources",
      remedy: `Try it by hand and read what it says:  ${command}`,
      output: result.output,
    });
  });
}

/** The compiler proper may be broken one package deeper (gcc-12, cpp-12, libc-dev-bin): put those back as well. */
async function reinstallBroken(note) {
  const closure = spawnSync(
    "apt-cache",
    [
      "depends",
      "--recurse",
      "--no-recommends",
      "--no-suggests",
      "--no-conflicts",
      "--no-breaks",
      "--no-replaces",
      "--no-enhances",
      ...PACKAGES,
    ],
    { encoding: "utf8" },
  ).stdout;
  const names = [
    ...new Set(
      (closure ?? "")
        .split("\n")
        .filter((line) => /^(gcc|cpp|binutils|libc6-dev|libc-dev|linux-libc|libgcc|libcc1)/.test(line)),
    ),
  ];
  const known = names.filter(dpkgKnows);
  if (known.length === 0) return null;
  await apt(["install", "-y", "--no-install-recommends", "--reinstall", ...known], note);
  return findCompiler();
}
