import { hogTests } from "./hogs.ts";
import { attackProgram } from "./kit.ts";

// The launcher may have to be built first, by whoever owns the checkout. Then an ordinary user, as on a developer's laptop.
attackProgram();
const ORDINARY = 1000;
if (process.getuid?.() === 0) {
  process.setgroups?.([]);
  process.setgid?.(ORDINARY);
  process.setuid?.(ORDINARY);
}
hogTests({ memoryBy: "watchdog", cpusBy: "none" });
