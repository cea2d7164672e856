/** Threat: what a sandbox started cannot be stopped. Never tried unconfined: it would be the host that suffers. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { SANDBOX_WORK } from "@creel/sandbox";
import { calls, groupOf, sh } from "../attack.ts";
import { fate, openSandbox } from "../contenders/creel.ts";
import type { Case } from "../model.ts";
import { TOOLS } from "../policy.ts";
import { BEGAN } from "../stage.ts";
import { until } from "../under-attack.ts";
import { all, prints } from "../witness.ts";
import { othersLive } from "./resources.ts";

const attack = groupOf("resources", ["limits"]);
const alive = (pid: number): boolean => existsSync(`/proc/${pid}`);

/** A shell that may not fork any more ends; this one starts the next bomb, for as long as it lives. */
const BOMBS = `
const { spawn } = require("node:child_process");
const again = () => spawn("sh", ["-c", "f() { f & f & }; f; f; f"]).on("error", later).on("exit", later);
const later = () => { require("node:fs").writeFileSync("${SANDBOX_WORK}/ticks", ""); setTimeout(again, 5); };
again(); again();`;

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
        command: [
          "sh",
          "-c",
          `trap '' TERM INT HUP QUIT; (trap '' TERM; sleep 1000) & echo deaf > ${SANDBOX_WORK}/deaf; while :; do sleep 1; done`,
        ],
      });
      await until(() => existsSync(join(sandbox.work, "deaf")));
      // It resolves only when the sandbox is gone; nothing in it ends by itself.
      await sandbox.control.stop({ graceMs: 100 });
      return {
        code: 0,
        out: `${BEGAN}\n${await fate(sandbox)}${alive(sandbox.agentPid) ? ", its process lives" : ""}`,
      };
    },
    expect: prints(/^ended stopped$/m),
  }),
  attack("res-bomb-stop", "forks for ever while it is stopped", {
    promise: "dies-whole",
    program: sh("true"),
    run: async (stage) => {
      const sandbox = await openSandbox(stage, {
        command: [`${TOOLS}/node`, "-e", BOMBS],
        limits: { processes: 100 },
      });
      await until(() => existsSync(join(sandbox.work, "ticks")));
      await sandbox.control.stop({ graceMs: 0 });
      return {
        code: 0,
        out: `${BEGAN}\n${await fate(sandbox)}${alive(sandbox.agentPid) ? ", its process lives" : ""}`,
      };
    },
    expect: all(prints(/^ended stopped$/m), othersLive),
  }),
  attack("res-freeze", "stops every process it sees, PID 1 too", {
    promise: "dies-whole",
    program: sh('kill -STOP -1; kill -STOP 1; echo on > "$WORK/frozen"; kill -STOP $$'),
    run: async (stage, test) => {
      const sandbox = await openSandbox(stage);
      const running = sandbox.run(test).catch(() => null);
      await until(() => existsSync(join(sandbox.work, "frozen")));
      const frozen = existsSync(join(sandbox.work, "frozen"));
      const status = await sandbox.control.status();
      await sandbox.control.stop({ graceMs: 0 });
      await running;
      return { code: 0, out: `${BEGAN}\n${frozen ? "frozen, " : ""}${status?.phase}, ${await fate(sandbox)}` };
    },
    expect: prints(/^frozen, running, ended stopped$/m),
  }),
];
