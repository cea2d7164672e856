/** Threat: the agent reaches the kernel that it shares with the host, and takes rights from it. */
import { calls, groupOf, node, sh } from "../attack.ts";
import type { Case } from "../model.ts";
import { all, neverPrints, prints, refused } from "../witness.ts";

const attack = groupOf("process");
const kernel = { promise: "kernel-surface", expect: refused };
/** Each line of helper calls must be refused. */
const refuseAll = (...lines: string[]) => sh(lines.map((line) => `"$TOOLS/${line.replace(" ", '" ')}`).join("\n"));

export const kernel_: Case[] = [
  attack("kern-userns", "makes a user namespace to be root in", {
    ...kernel,
    needs: ["door"],
    program: refuseAll("attacks unshare_user", "attacks clone_user", "attacks clone3", "calls call unshare 0x10000000"),
  }),
  attack("kern-namespaces", "makes every other kind of namespace", {
    ...kernel,
    program: refuseAll(
      "attacks unshare_net",
      "calls call unshare 0x20000",
      "calls call unshare 0x20000000",
      "calls call unshare 0x8000000",
      "calls call unshare 0x4000000",
      "calls call unshare 0x2000000",
      "calls call unshare 0x80",
    ),
  }),
  attack("kern-io-uring", "does its system calls through io_uring, where no filter looks", {
    ...kernel,
    program: refuseAll(
      "attacks io_uring",
      "calls call io_uring_enter 0 0 0 0 0 0",
      "calls call io_uring_register 0 0 0 0",
    ),
  }),
  attack("kern-bpf", "loads a program into the kernel", {
    ...kernel,
    program: refuseAll("attacks bpf", "calls call bpf 0 0 0"),
  }),
  attack("kern-perf", "reads performance counters to spy on others", { ...kernel, program: refuseAll("attacks perf") }),
  attack("kern-userfaultfd", "stops the kernel in the middle of a copy with userfaultfd", {
    ...kernel,
    needs: ["door"],
    program: refuseAll("attacks userfaultfd", "calls call userfaultfd 1"),
  }),
  attack("kern-keyring", "leaves and finds keys in the kernel's keyrings", {
    ...kernel,
    needs: ["door"],
    program: refuseAll(
      "attacks keyctl",
      "calls call add_key @user @adversarial @x 1 -3",
      "calls call request_key @user @adversarial 0 -3",
    ),
  }),
  attack("kern-modules", "loads a kernel module", {
    ...kernel,
    program: refuseAll(
      "calls call init_module 0 0 0",
      "calls call finit_module 0 0 0",
      "calls call delete_module @x 0",
      "calls call kexec_load 0 0 0 0",
    ),
  }),
  attack("kern-clock", "turns the host's clock", {
    ...kernel,
    program: refuseAll("calls call settimeofday 0 0", "calls call clock_settime 0 0"),
    expect: {
      says: "the clock is the host's",
      check: ({ out }) => (/^0$/m.test(out) && !/^[1-9]/m.test(out) ? "a call went through" : null),
    },
  }),
  attack("kern-reboot", "halts the machine and switches swap off", {
    ...kernel,
    program: refuseAll(
      "calls call reboot 0 0 0 0",
      "calls call swapon @/tmp/x 0",
      "calls call acct @/tmp/x",
      "calls call vhangup",
    ),
  }),
  attack("kern-log", "reads the kernel's log, with the addresses of others in it", {
    ...kernel,
    program: refuseAll("calls call syslog 3 0 0", "calls call syslog 10 0 0"),
    expect: {
      says: "the log is not read",
      check: ({ out }) => (/^0$/m.test(out) ? "the kernel's log was read" : null),
    },
    needs: ["door"],
  }),
  attack("kern-ports", "asks for the machine's input and output ports", {
    ...kernel,
    program: refuseAll("calls call iopl 3", "calls call ioperm 0x60 1 1"),
  }),
  attack("kern-ldt", "changes the processor's segments", {
    ...kernel,
    needs: ["door"],
    program: refuseAll(
      "calls call modify_ldt 0 0 0",
      "calls call uselib @/tmp/x",
      "calls call ustat 0 0",
      "calls call sysfs 3",
    ),
  }),
  attack("kern-numa", "moves pages of memory about", {
    ...kernel,
    needs: ["door"],
    program: refuseAll(
      "calls call mbind 0 0 0 0 0 0",
      "calls call set_mempolicy 0 0 0",
      "calls call migrate_pages 0 0 0 0",
      "calls call move_pages 0 0 0 0 0 0",
      "calls call set_mempolicy_home_node 0 0 0 0",
    ),
  }),
  attack("kern-x32", "uses the x32 calling convention", {
    promise: "kernel-surface",
    needs: ["door"],
    program: sh('"$TOOLS/calls" x32; echo "ended $?"'),
    expect: all(neverPrints(/^0$/m), prints(/ended (159|\d+)/)),
  }),
  attack("kern-ia32", "uses the 32-bit calling convention, whose numbers mean other calls", {
    promise: "kernel-surface",
    program: sh('"$TOOLS/calls" ia32; echo "ended $?"'),
    expect: neverPrints(/^0$/m),
  }),
  attack("kern-unknown", "uses calls that are newer than the filter", {
    ...kernel,
    program: refuseAll("attacks unknown", "calls call statmount 0 0 0 0", "calls call listmount 0 0 0 0"),
  }),
  attack("kern-personality", "changes its personality to switch protections off", {
    ...kernel,
    needs: ["door"],
    program: refuseAll("attacks personality"),
  }),
  attack("kern-fanotify", "watches every file of the machine", {
    ...kernel,
    program: refuseAll(
      "calls call fanotify_init 0 0",
      "calls call quotactl 0 0 0 0",
      "calls call quotactl_fd 0 0 0 0",
      "calls call lookup_dcookie 0 0 0",
    ),
  }),
  attack("kern-kcmp", "compares kernel pointers", {
    ...kernel,
    needs: ["door"],
    program: refuseAll("calls call kcmp 1 1 0 0 0", "calls call vmsplice 0 0 0 0"),
  }),
  attack("kern-tty-type", "types into the terminal that started it", {
    promise: "terminal",
    program: refuseAll("attacks tiocsti", "attacks tiocsti_high"),
    expect: refused,
  }),
  attack("kern-setuid-programs", "becomes root by the host's set-user-id programs", {
    promise: "no-privileges",
    program: sh(
      'for p in su sudo mount passwd newgrp chsh pkexec; do command -v $p >/dev/null && $p -c id </dev/null 2>/dev/null; done; id -u; grep -E "NoNewPrivs|CapBnd" /proc/self/status',
    ),
    expect: all(neverPrints(/uid=0|^0$/m), prints(/NoNewPrivs:\s1/)),
  }),
  attack("kern-capabilities", "holds or gains a capability", {
    promise: "no-privileges",
    program: sh('cat /proc/self/status; "$TOOLS/calls" call setgroups 0 0; "$TOOLS/attacks" setuid'),
    expect: {
      says: "no capability in any set",
      check: ({ out }) =>
        /Cap(Inh|Prm|Eff|Amb):\s0{16}/.test(out) && !/Cap(Inh|Prm|Eff|Amb):\s0*[1-9a-f]/.test(out)
          ? null
          : "a capability is held",
    },
  }),
  attack("kern-hostname", "renames the machine", {
    promise: "kernel-unchanged",
    needs: ["door"],
    program: refuseAll("calls call sethostname @x 1", "calls call setdomainname @x 1"),
    expect: refused,
  }),
  attack("kern-shared-memory", "leaves a message in System V memory that the host shares", {
    promise: "processes-invisible",
    program: calls('calls sysv_shm "$SHM_KEY"'),
    expect: {
      says: "the host's own list of segments does not have it",
      check: ({ stage }) => (stage.sharedMemoryLeft() ? "the host sees the segment" : null),
    },
  }),
  attack("kern-shm-file", "leaves a file in the host's shared memory folder", {
    promise: "files-write",
    program: sh("echo leak > /dev/shm/creel-adversarial-leak; echo done"),
    expect: {
      says: "the host's /dev/shm has no such file",
      check: async () => {
        const fs = await import("node:fs");
        const there = fs.existsSync("/dev/shm/creel-adversarial-leak");
        fs.rmSync("/dev/shm/creel-adversarial-leak", { force: true });
        return there ? "the host sees it" : null;
      },
    },
  }),
  attack("kern-core", "makes the kernel run a helper of the host by crashing", {
    promise: "kernel-unchanged",
    program: sh(
      'cd "$WORK"; ulimit -c unlimited 2>/dev/null; sh -c "kill -SEGV \\$\\$"; ulimit -c; for f in core*; do [ -e "$f" ] && echo DUMPED; done; true',
    ),
    expect: neverPrints(/unlimited|DUMPED/),
    needs: ["door"],
  }),
  attack("kern-cpu-wake", "takes real-time priority over the host", {
    promise: "limits",
    program: refuseAll("calls real_time", "calls nice_up", "calls lower_oom"),
    expect: refused,
  }),
  attack("kern-raise-limits", "raises its own limits", {
    promise: "limits",
    needs: ["limits"],
    program: refuseAll("calls raise_limit 6", "calls raise_limit 7", "calls core_dump"),
    expect: refused,
  }),
  attack("kern-seccomp-own", "puts a filter of its own over ours to answer our notifications", {
    promise: "identity-recorded",
    needs: ["identity"],
    program: node(
      `say(cp.spawnSync(process.env.TOOLS + "/calls", ["call", "seccomp", "1", "8", "0"]).stdout.toString())`,
    ),
    expect: refused,
  }),
];
