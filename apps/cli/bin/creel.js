#!/usr/bin/env node
import { existsSync } from "node:fs";

const built = new URL("../dist/creel.js", import.meta.url);
if (!existsSync(built)) {
  process.stderr.write("creel: not built yet. Run `npm run build` in the project's root first.\n");
  process.exit(1);
}
await import(built.href);
