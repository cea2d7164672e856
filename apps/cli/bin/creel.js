#!/usr/bin/env node
import { existsSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

const built = new URL("../dist/creel.js", import.meta.url);
if (!existsSync(built)) {
  process.stderr.write("creel: not built yet. Run `npm run build` in the project's root first.\n");
  process.exit(1);
}
// Compiled code is kept between runs where Node can (22.8 and newer): much of the time before a command starts is compiling. It lies beside
// the bundle, for whoever may write there may change the bundle too; Node's own choice, a shared temporary folder, others can write.
module.enableCompileCache?.(fileURLToPath(new URL("../dist/.compile-cache", import.meta.url)));
await import(built.href);
