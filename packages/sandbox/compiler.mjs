// Finds the C compiler of this machine: for the build, and for tests whose attacks are native code.
import { execFileSync, spawnSync } from "node:child_process";

// biome-ignore lint/style/noProcessEnv: CC is how every C project lets one choose the compiler.
const candidates = [process.env.CC, "cc", "gcc", "clang"];
const works = (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0;

export const compiler = candidates.find((name) => name && works(name));
export const NO_COMPILER =
  "no C compiler found (tried $CC, cc, gcc, clang). Install one, for example: apt-get install gcc libc6-dev";

export function compile(args) {
  if (!compiler) throw new Error(NO_COMPILER);
  execFileSync(compiler, args, { stdio: ["ignore", "inherit", "inherit"] });
}
