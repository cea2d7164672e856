import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { lookAt } from "../src/run/repository-view.ts";
import { creelRun, type Finished } from "./run-support.ts";

const withGit = spawnSync("git", ["--version"]).status === 0;
let folder: string;
let workspace: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "creel-repository-test-"));
});
beforeEach(() => {
  count += 1;
  workspace = join(folder, `work${count}`);
  mkdirSync(workspace);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const creel = (script: string): Promise<Finished> => creelRun({ folder, workspace, script });

const PLANT = `mkdir -p .git/hooks .git/objects .git/refs && echo "ref: refs/heads/main" > .git/HEAD
  printf '[core]\\n\\trepositoryformatversion = 0\\n\\tfsmonitor = "touch planted"\\n' > .git/config
  printf '#!/bin/sh\\ntouch planted\\n' > .git/hooks/post-checkout; chmod 755 .git/hooks/post-checkout`;

describe("a repository that the command makes in a workspace without one", () => {
  it("never stands in the workspace, is found again by the next run, and is told with what would run", async () => {
    const first = await creel(
      `${PLANT}; mv .git elsewhere 2>/dev/null && exit 9; rmdir .git 2>/dev/null && exit 8; exit 0`,
    );
    expect(first.code).toBe(0);
    expect(existsSync(join(workspace, ".git"))).toBe(false);
    expect(first.err).toContain("hooks: post-checkout; settings beyond the usual: core.fsmonitor");
    const second = await creel("cat .git/HEAD; rm -rf .git/*");
    expect(second).toMatchObject({ code: 0, out: "ref: refs/heads/main\n" });
    expect(second.err).not.toContain("repository");
    expect(readdirSync(join(folder, "creel home/git"))).toEqual([]);
  });

  it("is not seen by another workspace, and a repository that was there is protected as ever", async () => {
    mkdirSync(join(workspace, ".git/hooks"), { recursive: true });
    writeFileSync(join(workspace, ".git/config"), "[core]\n");
    const { code } = await creel(
      "! touch .git/hooks/x 2>/dev/null && ! touch .git/config 2>/dev/null && touch .git/HEAD",
    );
    expect(code).toBe(0);
    expect(readdirSync(join(workspace, ".git")).sort()).toEqual(["HEAD", "config", "hooks"]);
  });

  it.skipIf(!withGit)(
    "is made, filled and read by git itself, moved by the line that is told, and then used by git here",
    async () => {
      const { code, err, out } = await creel(
        "git init -q . && git config user.email a@example.com && git config user.name a && echo x > f && git add . && git commit -qm one && git status --short",
      );
      expect({ code, out }, err).toEqual({ code: 0, out: "" });
      expect(spawnSync("git", ["log", "--oneline"], { cwd: workspace }).status).not.toBe(0);
      expect(err).toContain("hooks: none; settings beyond the usual: none");
      const move = /^ {2}(mv .*)$/m.exec(err)?.[1] ?? "false";
      execFileSync("sh", ["-c", move]);
      expect(execFileSync("git", ["log", "--format=%s"], { cwd: workspace, encoding: "utf8" })).toBe("one\n");
    },
  );
});

describe("what is told of a repository", () => {
  it("follows no link, waits for no pipe, and takes nothing that it cannot read for harmless", () => {
    writeFileSync(join(workspace, "secret"), "[core]\nfsmonitor = x\n");
    symlinkSync(join(workspace, "secret"), join(workspace, "config"));
    symlinkSync("/etc", join(workspace, "hooks"));
    expect(lookAt(workspace)).toEqual({ hooks: ["hooks is no folder"], settings: ["?"], elsewhere: [] });
    rmSync(join(workspace, "config"));
    execFileSync("mkfifo", [join(workspace, "config")]);
    expect(lookAt(workspace).settings).toEqual(["?"]);
  });

  it("names a setting however it is spelled", () => {
    const said = (text: string): string[] => {
      writeFileSync(join(workspace, "config"), text);
      return lookAt(workspace).settings;
    };
    expect(said('[core]\n\tbare = false\n[remote "o"]\n\turl = https://x\n')).toEqual([]);
    expect(said("[CORE]\nFSMonitor=x")).toEqual(["CORE.FSMonitor"]);
    expect(said("[core] sshCommand = x")).toEqual(["?"]);
    expect(said('[filter "a.b"]\nsmudge\n')).toEqual(["filter.a.b.smudge"]);
    expect(said("[core]\nbare = false \\\n[core]\n")).toEqual(["?"]);
    expect(said('[include]\r\npath = "x"\r\n')).toEqual(["include.path"]);
  });
});
