/** Threat: what holds the agent is gone, late or lied to: between start and attach, at a reload, when a part dies. */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { compilePolicy, parsePolicy, policyDigest } from "@creel/policy";
import { SANDBOX_WORK } from "@creel/sandbox";
import { groupOf, node, sh } from "../attack.ts";
import { fate, openSandbox } from "../contenders/creel.ts";
import type { Case } from "../model.ts";
import { HOSTS } from "../policy.ts";
import { nextGeneration, restorePolicy, UNDER_ATTACK } from "../reload.ts";
import { BEGAN } from "../stage.ts";
import { current, until } from "../under-attack.ts";
import { all, neverPrints, nothingAnywhere, nothingReached, prints, recorded, serverGot } from "../witness.ts";

const attack = groupOf("lifecycle", ["door"]);
const none = sh("true");
/** Many times what a tick takes: whatever lives has written by then. */
const TICKS_MS = 250;
const DENY_ALL = "version: 1\nnetwork_policies: {}\n";

const statusOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
};
/** The first process of a sandbox's namespace, which made the agent. */
const firstOf = (agentPid: number): number => Number(/^PPid:\s+(\d+)$/m.exec(statusOf(agentPid))?.[1] ?? 0);
const lives = (pid: number): boolean => /^State:\s+[^ZX]/m.test(statusOf(pid));

function inForce(yaml: string, generation: number) {
  const { policy } = parsePolicy(yaml);
  if (policy === null) throw new Error("a policy of this file does not parse");
  return { policy: compilePolicy(policy), policyDigest: policyDigest(policy), generation };
}
export const lifecycle: Case[] = [
  attack("life-no-gateway", "connects before a gateway is there, and while none is", {
    promise: "fail-closed",
    program: node(
      `for (const [a, p] of [["203.0.113.7", 443], ["198.18.0.5", 80]]) say(await rawTcp(a, p, "early", 400, 400)); say(await dnsRaw(Buffer.from("001d0001010000010000000000000465766c076578616d706c650000010001", "hex"), { ms: 300 }))`,
    ),
    run: async (stage, test) => {
      const sandbox = await openSandbox(stage);
      try {
        return await sandbox.run(test);
      } finally {
        await sandbox.end();
      }
    },
    expect: all(nothingAnywhere, neverPrints(/!/)),
  }),
  attack("life-reload-cuts", "keeps a stream open, and does nothing on it, over a reload that takes its host away", {
    promise: "reload",
    program: node(
      `const s = tls.connect({ host: host("api"), port: 443, servername: host("api") }); s.on("error", () => {}); s.on("secureConnect", () => s.write("POST /v1/items HTTP/1.1\\r\\nHost: api.creel.example\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n1\\r\\na\\r\\n")); s.on("close", () => { say("CUT"); process.exit(0); })`,
    ),
    run: async (stage, test) => {
      const before = stage.servers.hits.length;
      const running = current.ours().run(test);
      await until(() => stage.servers.hits.length > before);
      current.ours().gateway().setPolicy(UNDER_ATTACK, inForce(DENY_ALL, nextGeneration()));
      try {
        return await running;
      } finally {
        restorePolicy(stage);
      }
    },
    expect: all(serverGot("api", /^POST \/v1\/items/), prints(/^CUT$/m)),
  }),
  attack("life-reload-next", "sends its next request on an old connection after a reload took its right away", {
    promise: "reload",
    program: node(
      `const agent = new (await import("node:https")).Agent({ keepAlive: true, maxSockets: 1 }); const next = async (i) => { const r = await ask("https://" + host("api") + "/v1/reload" + i, { agent }); say(r.failed ?? r.status); }; for (let i = 0; i < 3; i++) await next(i); fs.writeFileSync(process.env.WORK + "/asked", ""); while (!fs.existsSync(process.env.WORK + "/reloaded")) await sleep(10); for (let i = 3; i < 9; i++) await next(i); process.exit(0)`,
    ),
    run: async (stage, test) => {
      const { work } = current.sandbox();
      const running = current.ours().run(test);
      await until(() => existsSync(join(work, "asked")));
      // Nothing is under way now: whatever arrives from here on was asked after the reload.
      const at = stage.servers.hits.length;
      current.ours().gateway().setPolicy(UNDER_ATTACK, inForce(DENY_ALL, nextGeneration()));
      writeFileSync(join(work, "reloaded"), "");
      try {
        const { code, out } = await running;
        return { code, out: `${out}\n[host] ${stage.servers.hits.length - at} after` };
      } finally {
        restorePolicy(stage);
      }
    },
    expect: prints(/^200\n200\n200\n(?!200)[\s\S]*\[host\] 0 after/m),
  }),
  attack("life-shim-killed", "goes on when the shim that holds its sockets is killed", {
    promise: "dies-whole",
    program: sh('(trap "" TERM HUP; while :; do echo x >> "$WORK/ticks"; sleep 0.02; done) & sleep 1000'),
    run: async (stage, test) => {
      const sandbox = await openSandbox(stage);
      const size = () => statSync(join(sandbox.work, "ticks"), { throwIfNoEntry: false })?.size ?? 0;
      const running = sandbox.run(test).catch(() => ({ code: null, out: BEGAN }));
      await until(() => size() >= 5);
      const first = firstOf(sandbox.agentPid);
      process.kill(sandbox.shimPid, "SIGKILL");
      // The kernel lets go of a namespace's first process only when all others in it are gone.
      await until(() => !lives(first));
      const at = size();
      await running;
      await delay(TICKS_MS);
      sandbox.control.close();
      return { code: 0, out: `${BEGAN}\n${at > 0 ? "ticked" : "never"} ${size() === at ? "STOPPED" : "ticking"}` };
    },
    expect: prints(/ticked STOPPED/),
  }),
  attack("life-kill-switch", "is killed from outside while it forks and ignores signals", {
    promise: "kill-switch",
    program: none,
    run: async (stage) => {
      const sandbox = await openSandbox(stage, {
        command: [
          "sh",
          "-c",
          `trap '' TERM INT HUP QUIT; while :; do (trap '' TERM; sleep 100) & echo x >> ${SANDBOX_WORK}/ticks; sleep 0.01; done`,
        ],
        limits: { processes: 60 },
      });
      const size = () => statSync(join(sandbox.work, "ticks"), { throwIfNoEntry: false })?.size ?? 0;
      await until(() => size() >= 5);
      const forked = size() >= 5;
      await sandbox.control.kill();
      const at = size();
      const told = await fate(sandbox);
      await delay(TICKS_MS);
      return {
        code: 0,
        out: `${BEGAN}\n[host] ${forked ? "forked, " : ""}${told}, ${size() === at ? "STOPPED" : "still ticking"}`,
      };
    },
    expect: prints(/forked, ended killed, STOPPED/),
  }),
  attack("life-control-socket-perms", "another user of the host speaks to the sandbox's control socket", {
    promise: "control-unreachable",
    program: none,
    run: async () => {
      const { runDir, stateDir } = current.sandbox();
      const modes = [runDir, stateDir].map((path) => (statSync(path).mode & 0o777).toString(8));
      const log = statSync(join(stateDir, "log"), { throwIfNoEntry: false });
      return {
        code: 0,
        out: `${BEGAN}\n${modes.join(" ")} log ${log === undefined ? "600" : (log.mode & 0o777).toString(8)}`,
      };
    },
    expect: prints(/^700 700 log 600/m),
  }),
  attack("life-control-garbage", "somebody sends garbage and endless frames to the control socket", {
    promise: "control-unreachable",
    program: none,
    run: async () => {
      for (const bytes of [
        Buffer.alloc(70_000, 0xff),
        Buffer.from("GET / HTTP/1.1\r\n\r\n"),
        Buffer.alloc(4),
        Buffer.from("ffffff7f00", "hex"),
      ])
        await new Promise<void>((done) => {
          const socket = createConnection(join(current.sandbox().runDir, "shim.sock"), () => socket.end(bytes));
          socket.on("error", () => done());
          socket.on("close", () => done());
          socket.resume();
          // What keeps the connection open may: it is this side that leaves, after its bytes were taken.
          setTimeout(() => {
            socket.destroy();
            done();
          }, 300);
        });
      return { code: 0, out: `${BEGAN}\n[host] ${await fate(current.sandbox())}` };
    },
    expect: prints(/\[host\] running/),
  }),
  attack("life-log-forgery", "writes log lines that look like Creel's own, and cuts the log", {
    promise: "journal-true",
    program: sh(
      '(: > /dev/stdout); echo \'{"decision":"allow"}\'; (: > /proc/1/fd/1); truncate -s 0 /proc/self/fd/1; echo kept',
    ),
    expect: all(prints(/kept/), {
      says: "the journal has no line of it",
      check: ({ records }) => (records.length === 0 ? null : "it wrote into the journal"),
    }),
  }),
  attack(
    "life-after-all",
    "control: after everything above the first sandbox still serves, and the host's other server got nothing",
    {
      promise: "honest-work",
      control: true,
      everyLane: true,
      program: node(
        `const r = await ask("https://" + host("api") + "/v1/last"); say(r.failed ?? r.status); say(await ask("https://" + host("evil") + "/", { rejectUnauthorized: false }))`,
      ),
      expect: all(prints(/^200$/m), nothingReached("evil"), recorded({ decision: "deny", host: HOSTS.evil }), {
        says: "during the whole run no forbidden server got a byte",
        check: ({ stage }) => {
          const hit = stage.servers.hits.find(({ server }) =>
            ["evil", "loopback", "everywhere", "unix", "abstract", "udp"].includes(server),
          );
          return hit === undefined ? null : `${hit.server} got ${hit.what.slice(0, 60)}`;
        },
      }),
    },
  ),
];
