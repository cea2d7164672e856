/** Threat: a stricter kind of sandbox is only strict in its name. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SANDBOX_WORK } from "@creel/sandbox";
import { groupOf, node, sh } from "../attack.ts";
import { openSandbox, own } from "../contenders/creel.ts";
import type { Case } from "../model.ts";
import { neverPrints, prints } from "../witness.ts";

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

const openSandboxWith = async (stage: Parameters<typeof openSandbox>[0], prepare: (work: string) => void) => {
  const work = stage.workspace(`prepared-${Date.now()}`);
  prepare(work);
  return openSandbox(stage, { mounts: [{ source: work, target: SANDBOX_WORK, mode: "rw" }], protect: PROTECTED });
};

export const profiles: Case[] = [...exec, ...names];
