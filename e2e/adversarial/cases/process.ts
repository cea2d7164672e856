/** Threat: the agent reaches the host's processes, or what confines it. */
import { calls, groupOf, sh } from "../attack.ts";
import type { Case } from "../model.ts";
import { current } from "../under-attack.ts";
import { all, keptSecret, neverPrints, prints, refused, victimLives } from "../witness.ts";

const attack = groupOf("process");
/** Each line of helper calls must be refused. */
const refuseAll = (...lines: string[]) => sh(lines.map((line) => `"$TOOLS/${line.replace(" ", '" ')}`).join("\n"));

export const process_: Case[] = [
  attack("proc-see-host", "lists the processes of the host and their command lines", {
    promise: "processes-invisible",
    program: sh("cat /proc/[0-9]*/cmdline | tr '\\0' ' '; ls -d /proc/[0-9]* | wc -l"),
    expect: neverPrints(/sleep 100000\b|vitest|adversarial\/main/),
  }),
  attack("proc-environ-of-host", "reads the environment of a host's process", {
    promise: "processes-invisible",
    program: sh('cat "/proc/$VICTIM_PID/environ" /proc/[0-9]*/environ | tr "\\0" "\\n"'),
    expect: keptSecret,
  }),
  attack("proc-environ-of-init", "reads what PID 1 was started with", {
    promise: "init-untouchable",
    program: sh(
      "cat /proc/1/environ | tr '\\0' '\\n' | grep -c . ; cat /proc/1/maps /proc/1/mem /proc/1/stack 2>/dev/null | head -c 100",
    ),
    expect: {
      says: "nothing of PID 1 is printed but a zero",
      check: ({ out }) =>
        /^(0|cat: .*|\s)*$/m.test(out) && !/[1-9]\d*\n/.test(out.split("\n")[0] ?? "") && !/r-xp|=/.test(out)
          ? null
          : `it printed ${JSON.stringify(out.slice(0, 200))}`,
    },
  }),
  attack("proc-kill-host", "kills a process of the host by its number", {
    promise: "processes-invisible",
    program: calls('calls signal_pid "$VICTIM_PID" 9'),
    expect: all(refused, victimLives),
  }),
  attack("proc-stop-host", "stops a process of the host", {
    promise: "processes-invisible",
    program: calls('calls signal_pid "$VICTIM_PID" 19'),
    expect: refused,
    before: (stage) => void process.kill(stage.victimPid(), "SIGCONT"),
  }),
  attack("proc-kill-harness", "kills the program that started the sandbox, and its shim", {
    promise: "processes-invisible",
    needs: ["door"],
    program: sh(
      '"$TOOLS/calls" signal_pid "$HARNESS_PID" 0; "$TOOLS/calls" signal_pid "$SHIM_PID" 9; "$TOOLS/calls" signal_pid "$AGENT_PID" 9',
    ),
    expect: refused,
  }),
  attack("proc-kill-all-from-init", "kills, stops and frightens PID 1", {
    promise: "init-untouchable",
    needs: ["door"],
    program: sh(
      "for s in KILL STOP TERM INT HUP QUIT SEGV ABRT USR1 CHLD PIPE; do kill -$s 1; done; sleep 0.1; echo ALIVE",
    ),
    expect: all(prints(/ALIVE/), {
      says: "the sandbox still answers its control socket",
      check: async () => ((await current.sandbox().control.status())?.phase === "running" ? null : "the sandbox ended"),
    }),
  }),
  attack("proc-reparent", "becomes a child of PID 1 and reads it from there", {
    promise: "init-untouchable",
    program: sh(
      '(sleep 0.1; cat /proc/1/environ /proc/1/maps 2>&1 | head -c 300; ls -l /proc/1/exe /proc/1/cwd /proc/1/fd 2>&1 | grep -e "->" ) & sleep 0.3',
    ),
    expect: neverPrints(/r-xp|->|[A-Z]+=\S/),
  }),
  attack("proc-nsfs", "enters the namespaces that PID 1's links name", {
    promise: "init-untouchable",
    program: refuseAll("attacks setns"),
    expect: refused,
  }),
  attack("proc-descriptors", "uses descriptors that it inherited", {
    promise: "nothing-inherited",
    program: calls("calls open_descriptors"),
    expect: {
      says: "no descriptor beside its own file is open",
      check: ({ out }) => {
        const bad = out.match(/^descriptor \d+ .*$/gm)?.filter((row) => !/\.sh$/.test(row)) ?? [];
        return bad.length === 0 ? null : bad.join("; ");
      },
    },
  }),
  attack("proc-ptrace-init", "traces PID 1", {
    promise: "no-injection",
    program: calls("attacks ptrace 1"),
    expect: refused,
  }),
  attack("proc-ptrace-sibling", "traces a program of its own to speak in its name", {
    promise: "no-injection",
    needs: ["identity"],
    program: calls('calls trace_child "$TOOLS/trusted"'),
    expect: refused,
  }),
  attack("proc-mem-sibling", "writes the memory of a trusted program by /proc", {
    promise: "no-injection",
    needs: ["identity"],
    program: calls('calls write_child_memory "$TOOLS/trusted"'),
    expect: refused,
  }),
  attack("proc-vm-writev", "writes the memory of another process by process_vm_writev", {
    promise: "no-injection",
    needs: ["identity"],
    program: refuseAll(
      "calls call process_vm_writev 1 0 0 0 0 0",
      "calls call process_vm_readv 1 0 0 0 0 0",
      "attacks vm_read 1",
    ),
    expect: refused,
  }),
  attack("proc-getfd", "takes a descriptor out of another process", {
    promise: "no-injection",
    program: refuseAll("attacks pidfd_getfd 1", "calls call pidfd_getfd 3 0 0"),
    expect: refused,
  }),
  attack("proc-madvise", "meddles with another process's memory by advice", {
    promise: "no-injection",
    program: refuseAll("calls call process_madvise 3 0 0 21 0"),
    expect: refused,
  }),
  attack("proc-set-exe", "changes what /proc says that it is", {
    promise: "no-injection",
    needs: ["identity"],
    program: refuseAll("attacks set_exe"),
    expect: refused,
  }),
];
