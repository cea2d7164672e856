/** Threat: one sandbox takes what the host and its neighbours need. Never tried unconfined: it would be the host that suffers. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { calls, groupOf, node, sh } from "../attack.ts";
import { openSandbox, own } from "../contenders/creel.ts";
import type { Case, Witness } from "../model.ts";
import { BEGAN } from "../stage.ts";
import { current } from "../under-attack.ts";
import { all, neverPrints, prints } from "../witness.ts";

const attack = groupOf("resources", ["limits"]);
const MIB = 1024 * 1024;
const bounded = { promise: "limits" };
const below = (most: number): Witness => ({
  says: `the helper gets fewer than ${most}`,
  check({ out }) {
    const got = Math.max(...[...out.matchAll(/^(?:got )?(\d+)$/gm)].map(([, n]) => Number(n)), -1);
    return got >= 0 && got < most ? null : `it got ${got}: ${out.slice(0, 120)}`;
  },
});
const alive: Witness = {
  says: "the sandbox still runs and answers",
  check: ({ out }) => (out.includes("[host] running") ? null : out.slice(-120)),
};
const endedBy = (cause: string): Witness => ({
  says: `the sandbox alone ended, and its record says ${cause}`,
  check: ({ out }) => (out.includes(`[host] ended ${cause}`) ? null : out.slice(-120)),
});
export const othersLive: Witness = {
  says: "the sandbox beside it still runs",
  check: async () => ((await current.sandbox().control.status())?.phase === "running" ? null : "the neighbour is gone"),
};

/** Memory of one kind up to twice the limit: refused, or the sandbox alone ends for it. */
const hog = (kind: string): Case =>
  attack(`res-memory-${kind}`, `takes memory as ${kind} beyond its limit`, {
    ...bounded,
    program: calls(`calls memory ${kind} 512`),
    run: own({ limits: { memoryBytes: 64 * MIB, openFiles: 8192 } }),
    expect: all(othersLive, {
      says: "it gets fewer than 160 MiB, or the sandbox ends for its memory",
      check: ({ out }) => {
        const got = Math.max(...[...out.matchAll(/^got (\d+)$/gm)].map(([, n]) => Number(n)), 0);
        return out.includes("[host] ended memory") || got < 160 ? null : `it got ${got} MiB: ${out.slice(-80)}`;
      },
    }),
  });

export const resources: Case[] = [
  attack("res-fork-bomb", "forks as often as it can", {
    ...bounded,
    program: calls("calls processes 3000"),
    run: own({ limits: { processes: 40 } }),
    expect: all(below(40), othersLive),
  }),
  attack("res-threads", "makes threads as many as it can", {
    ...bounded,
    program: calls("calls threads 3000"),
    run: own({ limits: { processes: 40 } }),
    expect: all(below(40), othersLive),
  }),
  attack("res-zombies", "leaves dead children that nobody collects", {
    ...bounded,
    program: calls("calls zombies 3000"),
    run: own({ limits: { processes: 40 } }),
    expect: all(below(40), alive, othersLive),
  }),
  attack("res-fork-neighbour", "forks until it may not, while a neighbour of the same user forks too", {
    ...bounded,
    program: calls("calls processes 3000"),
    run: async (stage, test) => {
      const [one, two] = await Promise.all([
        openSandbox(stage, { limits: { processes: 40 } }),
        openSandbox(stage, { limits: { processes: 40 } }),
      ]);
      try {
        const outs = await Promise.all([one.run(test), two.run(test)]);
        return { code: 0, out: outs.map(({ out }) => out).join("\n") };
      } finally {
        await one.end();
        await two.end();
      }
    },
    expect: {
      says: "each gets its own number",
      check: ({ out }) => {
        const got = [...out.matchAll(/^(\d+)$/gm)].map(([, n]) => Number(n));
        return got.length === 2 && got.every((n) => n > 20 && n < 40) ? null : got.join(" ");
      },
    },
  }),
  attack("res-descriptors", "opens files as many as it can", {
    ...bounded,
    program: calls("calls descriptors 100000"),
    run: own({ limits: { openFiles: 64 } }),
    expect: all(below(64), alive),
  }),
  attack("res-tmp", "fills the temporary folder", {
    ...bounded,
    program: calls("calls memory tmp 512"),
    run: own({ limits: { tmpBytes: 8 * MIB } }),
    expect: all(below(9), alive),
  }),
  attack("res-home", "fills its home", {
    ...bounded,
    program: calls("calls memory home 512"),
    run: own({ limits: { tmpBytes: 8 * MIB } }),
    expect: all(below(9), alive),
  }),
  attack("res-shm", "fills the shared memory folder", {
    ...bounded,
    program: calls("calls memory shm 512"),
    run: own({}),
    expect: all(below(65), alive),
  }),
  attack("res-tmp-files", "makes so many empty files that their names fill the memory", {
    ...bounded,
    program: node(
      `let n = 0; try { for (; n < 300000; n++) fs.closeSync(fs.openSync("/tmp/f" + n, "w")); } catch (e) { console.error(e.code); } say(String(n))`,
    ),
    run: own({ limits: { tmpBytes: 8 * MIB } }),
    expect: all(below(262_145), alive),
  }),
  attack("res-file-size", "writes one file larger than allowed", {
    ...bounded,
    program: sh('head -c 3000000 /dev/zero > "$WORK/big"; wc -c < "$WORK/big"'),
    run: own({ limits: { fileBytes: MIB } }),
    expect: all(below(MIB + 1), alive),
  }),
  attack("res-workspace-bytes", "fills the disk of the host by its workspace", {
    ...bounded,
    program: sh(
      'i=0; while [ $i -lt 200 ]; do head -c 1048576 /dev/urandom > "$WORK/f$i" || break; i=$((i+1)); sleep 0.02; done; echo $i',
    ),
    run: own({ limits: { workspaceBytes: 16 * MIB } }),
    expect: all(endedBy("workspace"), othersLive),
  }),
  attack("res-workspace-files", "fills the disk's table of files", {
    ...bounded,
    program: sh('i=0; while [ $i -lt 40000 ]; do : > "$WORK/f$i" || break; i=$((i+1)); done; sleep 20; echo $i'),
    run: own({ limits: { workspaceFiles: 500 } }),
    expect: all(endedBy("workspace"), othersLive),
  }),
  attack("res-workspace-sparse", "hides blocks in a deleted file that it holds open", {
    ...bounded,
    program: node(
      `const f = fs.openSync(process.env.WORK + "/hidden", "w+"); fs.unlinkSync(process.env.WORK + "/hidden"); const b = Buffer.alloc(1 << 20, 7); let n = 0; try { for (; n < 96; n++) { fs.writeSync(f, b); await sleep(10); } } catch (e) { console.error(e.code); } if (n === 96) await sleep(20000); say(String(n))`,
    ),
    run: own({ limits: { workspaceBytes: 16 * MIB } }),
    expect: all(othersLive, {
      says: "it is stopped, or the sandbox ends",
      check: ({ out }) =>
        out.includes("[host] ended") || Number(/^(\d+)$/m.exec(out)?.[1] ?? 99) < 90
          ? null
          : `it wrote 96 MiB: ${out.slice(-60)}`,
    }),
  }),
  ...["anonymous", "shared", "memfd", "pipes", "sockets", "shm"].map(hog),
  attack("res-memory-many", "shares its hunger among many small processes", {
    ...bounded,
    program: node(`
      const got = new Map(); let gone = 0;
      for (let i = 0; i < 24; i++) {
        const kid = cp.spawn(process.env.TOOLS + "/calls", ["memory", "anonymous", "16", "hold"]);
        kid.stdout.on("data", (d) => got.set(i, Number(String(d).trim().split("got ").pop())));
        kid.on("exit", () => { got.delete(i); gone++; });
      }
      const all = () => [...got.values()].reduce((a, b) => a + b, 0);
      for (let i = 0; i < 25 || (i < 250 && all() >= 200); i++) { await sleep(100); say("got " + all()); }
      process.exit(0)`),
    run: own({ limits: { memoryBytes: 160 * MIB } }),
    expect: all(othersLive, {
      says: "together they hold fewer than 200 MiB at any time, or the sandbox ends for its memory",
      check: ({ out }) => {
        const got = Math.max(...[...out.matchAll(/^got (\d+)$/gm)].map(([, n]) => Number(n)), 0);
        return out.includes("[host] ended memory") || got < 200 ? null : `they held ${got} MiB`;
      },
    }),
  }),
  attack("res-log", "fills the disk of the host by its output", {
    ...bounded,
    program: sh("sleep 1; echo done"),
    run: async (stage) => {
      const sandbox = await openSandbox(stage, {
        command: ["sh", "-c", "yes flooding | head -c 20000000; echo over; sleep 1000"],
        limits: { logBytes: 65_536 },
      });
      try {
        for (let i = 0; i < 1_500 && ((await sandbox.control.status())?.logBytes ?? 0) < 20_000_000; i += 1)
          await new Promise((done) => setTimeout(done, 20));
        const sizes = ["log", "log.1"].map(
          (name) => statSync(join(sandbox.stateDir, name), { throwIfNoEntry: false })?.size ?? 0,
        );
        return { code: 0, out: `${BEGAN}\n${sizes.join("\n")}` };
      } finally {
        await sandbox.end();
      }
    },
    expect: below(80_000),
  }),
  attack("res-cpu", "burns both cores, while a limit says a fifth of one", {
    ...bounded,
    program: sh(
      "for i in 1 2; do (while :; do :; done) & done; sleep 1.2; cat /proc/[0-9]*/stat 2>/dev/null | awk '{t+=$14+$15} END {print t}'; kill $(jobs -p) 2>/dev/null; kill -9 -1",
    ),
    run: async (stage, test) => {
      const sandbox = await openSandbox(stage, { limits: { cpus: 0.2 } });
      try {
        const held = (await sandbox.control.status())?.limits.some(
          (limit) => limit.name === "cpus" && limit.by !== "none",
        );
        if (held !== true) return { code: 0, out: `${BEGAN}\nnot held on this host, and the status says so` };
        const { out } = await sandbox.run(test);
        return { code: 0, out: `${BEGAN}\n${out.match(/^\d+$/m)?.[0] ?? out}` };
      } finally {
        await sandbox.end();
      }
    },
    expect: {
      says: "it gets less than 0.6 s of 1.2 s on two cores, or the status says that nobody holds it",
      check: ({ out }) =>
        /not held/.test(out) || Number(/^(\d+)$/m.exec(out)?.[1] ?? 999) < 60 ? null : out.slice(0, 100),
    },
  }),
  attack("res-ptys", "opens terminals as many as it can", {
    ...bounded,
    program: node(
      `let n = 0; try { for (; n < 5000; n++) fs.openSync("/dev/ptmx", "r+"); } catch (e) { console.error(e.code); } say(String(n))`,
    ),
    run: own({}),
    expect: all(below(4_097), alive, {
      says: "the host can still open a terminal",
      check: async () => {
        const { openSync, closeSync } = await import("node:fs");
        try {
          closeSync(openSync("/dev/ptmx", "r+"));
          return null;
        } catch {
          return "the host has no terminal left";
        }
      },
    }),
  }),
  attack("res-honest", "control: work within its limits is not disturbed", {
    promise: "honest-work",
    control: true,
    program: calls("calls memory anonymous 16"),
    run: own({ limits: { memoryBytes: 128 * MIB, processes: 40 } }),
    expect: all(prints(/got 16/), alive),
    needs: [],
  }),
  attack("res-limits-of-root", "writes to the control groups that hold it", {
    ...bounded,
    program: sh(
      "ls /sys/fs/cgroup 2>/dev/null; cat /proc/self/cgroup; for f in /sys/fs/cgroup/*/tasks /sys/fs/cgroup/cgroup.procs; do (echo $$ > $f) 2>/dev/null && echo MOVED; done; true",
    ),
    expect: neverPrints(/MOVED/),
  }),
];
