/** Threat: a confined command lives on when nobody holds it any more. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { groupOf, sh } from "../attack.ts";
import { runCreel, startCreel } from "../creel-run.ts";
import type { Case } from "../model.ts";
import { BEGAN } from "../stage.ts";
import { until } from "../under-attack.ts";
import { prints } from "../witness.ts";

const attack = groupOf("lifecycle", ["door"]);
const none = sh("true");
/** Many times what a tick takes: whatever lives has written by then. */
const TICKS_MS = 250;
/** Half a minute: nobody promises how soon the kernel has told a sandbox that its owner is gone. */
const LOOKS_MAX = 120;
const TICK = "while :; do echo x >> ticks; sleep 0.02; done";
const DEAF = `(trap '' TERM INT HUP; ${TICK})`;
const ticksIn = (work: string): number => statSync(join(work, "ticks"), { throwIfNoEntry: false })?.size ?? 0;
/** Until nothing ticks any more; what ticks for ever is seen afterwards. */
async function stillness(work: string): Promise<void> {
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    const at = ticksIn(work);
    await delay(TICKS_MS);
    if (ticksIn(work) === at) return;
  }
}
/** What is seen of the ticks from here on: whether there were any, and whether there are more. */
async function afterwards(work: string): Promise<string> {
  const at = ticksIn(work);
  await delay(TICKS_MS);
  return `${at > 0 ? "ticked" : "never"} ${ticksIn(work) === at ? "STOPPED" : "ticking"}`;
}

export const commandLife: Case[] = [
  attack("run-kill-creel", "goes on when creel itself is killed", {
    promise: "dies-whole",
    program: none,
    run: async (stage) => {
      const work = stage.workspace("killed");
      const running = startCreel(stage, ["run", "--workspace", work, "--", "sh", "-c", `${DEAF} & ${TICK}`]);
      await until(() => ticksIn(work) >= 10);
      const began = ticksIn(work) >= 10;
      running.child.kill("SIGKILL");
      await stillness(work);
      return { code: 0, out: `${BEGAN}\n${began ? "" : "too few, "}${await afterwards(work)}` };
    },
    expect: prints(/^ticked STOPPED/m),
  }),
  attack("run-leave-helper", "leaves a helper behind that outlives its command", {
    promise: "dies-whole",
    program: none,
    run: async (stage) => {
      const work = stage.workspace("left");
      const leave = `${DEAF} </dev/null >/dev/null 2>&1 & sleep 0.2; echo LEFT`;
      const { code, out } = await runCreel(stage, ["run", "--workspace", work, "--", "sh", "-c", leave]);
      return { code, out: `${out}${await afterwards(work)}` };
    },
    expect: prints(/LEFT[\s\S]*ticked STOPPED/),
  }),
];
