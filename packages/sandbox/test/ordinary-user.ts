import { statSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "vitest";
import { haveLauncher } from "./kit.ts";

const ORDINARY_ID = 1000;
const FOR_OTHERS = 0o001;

/** May users other than its owner come to this file? Under root's own home they may not. */
function isReachable(path: string): boolean {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & FOR_OTHERS) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** Runs the tests of this process as an ordinary user's, as on a developer's laptop. */
export function asOrdinaryUser(tests: () => void): void {
  // The launcher may have to be built first, by whoever owns the checkout.
  haveLauncher();
  if (process.getuid?.() === 0) {
    if (!isReachable(fileURLToPath(import.meta.url))) {
      test.skip("as an ordinary user (this checkout lies where only root may come)", () => {});
      return;
    }
    process.setgroups?.([]);
    process.setgid?.(ORDINARY_ID);
    process.setuid?.(ORDINARY_ID);
  }
  tests();
}
