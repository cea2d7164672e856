import { haveLauncher } from "./kit.ts";

const ORDINARY_ID = 1000;

/** From here on this test's process is an ordinary user's, as on a developer's laptop. */
export function becomeOrdinaryUser(): void {
  // The launcher may have to be built first, by whoever owns the checkout.
  haveLauncher();
  if (process.getuid?.() !== 0) return;
  process.setgroups?.([]);
  process.setgid?.(ORDINARY_ID);
  process.setuid?.(ORDINARY_ID);
}
