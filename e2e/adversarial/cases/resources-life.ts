/** Threat: what a sandbox started cannot be stopped. Never tried unconfined: it would be the host that suffers. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { calls, groupOf, sh } from "../attack.ts";
import { openSandbox } from "../contenders/creel.ts";
import type { Case } from "../model.ts";
import { BEGAN } from "../stage.ts";
import { until } from "../under-attack.ts";
import { all, prints } from "../witness.ts";
import { othersLive } from "./resources.ts";

const attack = groupOf("resources", ["limits"]);

export const resourcesLife: Case[] = [
  attack("res-outlive", "leaves a process that has turned away from everything and goes on after the end", {
    promise: "dies-whole",
    program: calls('calls outlive "$WORK/ticks"'),
    run: async (stage, test) => {
      const sandbox = await openSandbox(stage);
      const size = () => statSync(join(sandbox.work, "ticks"), { throwIfNoEntry: false })?.size ?? 0;
      await sandbox.run(test);
      await until(() => size() > 0);
      const lived = size() > 0;
      await sandbox.end();
      const at = size();
      await new Promise((done) => setTimeout(done, 200));
      return {
        code: 0,
        out: `${BEGAN}\n${lived ? "ticked" : "never ticked"}, ${size() === at ? "STOPPED" : "still ticking"}`,
      };
    },
    expect: prints(/ticked, STOPPED/),
  }),
  attack("res-deaf", "ignores every signal when it is asked to stop", {
    promise: "dies-whole",
    program: sh("true"),
    run: async (stage) => {
      const sandbox = await openSandbox(stage, {
        command: ["sh", "-c", "trap '' TERM INT HUP QUIT; (trap '' TERM; sleep 1000) & while :; do sleep 1; done"],
      });
      const began = Date.now();
      await sandbox.control.stop({ graceMs: 100 });
      const gone = await sandbox.control.status().catch(() => null);
      return {
        code: 0,
        out: `${BEGAN}\n${gone === null ? "GONE" : "there"} ${Date.now() - began < 3000 ? "SOON" : "late"}`,
      };
    },
    expect: prints(/GONE SOON/),
  }),
  attack("res-bomb-stop", "forks for ever while it is stopped", {
    promise: "dies-whole",
    program: sh("true"),
    run: async (stage) => {
      const sandbox = await openSandbox(stage, {
        command: ["sh", "-c", "f() { f & f & }; f; while :; do f; done"],
        limits: { processes: 100 },
      });
      await new Promise((done) => setTimeout(done, 150));
      const began = Date.now();
      await sandbox.control.stop({ graceMs: 0 });
      return { code: 0, out: `${BEGAN}\n${Date.now() - began < 3000 ? "SOON" : "late"}` };
    },
    expect: all(prints(/SOON/), othersLive),
  }),
  attack("res-freeze", "stops every process it sees, PID 1 too", {
    promise: "dies-whole",
    program: sh("kill -STOP -1; kill -STOP 1; echo on"),
    run: async (stage, test) => {
      const sandbox = await openSandbox(stage);
      void sandbox.run({ ...test, timeoutMs: 1_000 });
      await new Promise((done) => setTimeout(done, 200));
      const status = await sandbox.control.status();
      const began = Date.now();
      await sandbox.control.stop({ graceMs: 0 });
      return { code: 0, out: `${BEGAN}\n${status?.phase} ${Date.now() - began < 3000 ? "SOON" : "late"}` };
    },
    expect: prints(/running SOON/),
  }),
];
