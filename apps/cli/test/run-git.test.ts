import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { creelRun, type Finished } from "./run-support.ts";

const withGit = spawnSync("git", ["--version"]).status === 0;
let folder: string;
let workspace: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "creel-git-test-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const git = (...words: string[]): string => execFileSync("git", words, { cwd: workspace, encoding: "utf8" });
const creel = (script: string, ...flags: string[]): Promise<Finished> => creelRun({ folder, workspace, script, flags });

beforeEach(() => {
  count += 1;
  workspace = join(folder, `work${count}`);
  mkdirSync(workspace);
  if (!withGit) return;
  git("init", "-q", "-b", "main", ".");
  git("config", "user.email", "a@example.com");
  git("config", "user.name", "a");
  writeFileSync(join(workspace, "f"), "x\n");
  git("add", "f");
  git("commit", "-qm", "one");
});

describe.skipIf(!withGit)("git in a workspace whose repository is protected (needs git)", () => {
  it("explains what it cannot write, with what does instead, and nothing of it is written", async () => {
    const before = readFileSync(join(workspace, ".git/config"), "utf8");
    const refused = await creel(
      "git -C /sandbox/work config core.hooksPath /tmp; echo $?; git remote add origin https://git.example/x.git; echo $?",
    );
    expect(refused.out).toBe("4\n128\n");
    expect(refused.err.match(/creel: \.git\/config is protected in this workspace/g)).toHaveLength(2);
    expect(refused.err).toContain("git config --global NAME VALUE");
    expect(readFileSync(join(workspace, ".git/config"), "utf8")).toBe(before);
    const allowed = await creel(
      "git config --global alias.one 'log -1 --format=%s' && git one && ! git config no.such && git init -q n && git -C n config a.b c",
    );
    expect(allowed, allowed.err).toMatchObject({ code: 0, out: "one\n" });
    expect(allowed.err).not.toContain("protected");
  });

  it("branches off a remote branch, cleans and clones without a complaint", async () => {
    git("update-ref", "refs/remotes/origin/side", "HEAD");
    git("config", "remote.origin.url", "https://git.example/x.git");
    git("config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*");
    writeFileSync(join(workspace, "junk"), "");
    mkdirSync(join(workspace, ".claude"));
    writeFileSync(join(workspace, ".claude/notes"), "");
    const { code, err } = await creel(
      "git checkout -q -b side origin/side && git clean -qfdx && git -C . clean -qfdx && git clone -q . /tmp/copy && git -C /tmp/copy log -1 --format=%s",
    );
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(readdirSync(workspace).sort()).toEqual([".claude", ".git", "f"]);
    expect(readdirSync(join(workspace, ".claude"))).toEqual([]);
    expect(git("branch", "--show-current")).toBe("side\n");
  });

  it("adds trees whose settings never stand in the repository of this host, and finds them again", async () => {
    const plant =
      "git worktree add -q tree -b side && printf '[core]\\n\\tfsmonitor = touch planted\\n' > .git/worktrees/tree/config.worktree";
    const first = await creel(`${plant} && cd tree && echo y > g && git add g && git commit -qm two`);
    expect(first.code, first.err).toBe(0);
    expect(existsSync(join(workspace, ".git/worktrees"))).toBe(false);
    expect(git("log", "-1", "--format=%s", "side")).toBe("two\n");
    const second = await creel("git -C tree status --short --branch && git worktree remove --force tree");
    expect(second, second.err).toMatchObject({ code: 0, out: "## side\n" });
    expect(readdirSync(join(folder, "creel home/git"))).toEqual([]);
  });

  it("leaves trees that are there alone, and says why it adds none", async () => {
    const tree = join(folder, `tree${count}`);
    git("worktree", "add", "-q", tree, "-b", "side");
    const { code, err } = await creel("touch .git/worktrees/x 2>/dev/null; git worktree add /tmp/other -b other");
    expect(code, err).toBe(128);
    expect(err).toContain("creel: .git/worktrees is protected in this workspace");
    expect(readdirSync(join(workspace, ".git/worktrees"))).toEqual([`tree${count}`]);
  });

  it("is itself where the policy protects nothing", async () => {
    const policy = join(folder, "open.yaml");
    writeFileSync(policy, "version: 1\nsandbox: { workspace: { protect: [] } }\n");
    const { code, out } = await creel("git config a.b c && command -v git", "--policy", policy);
    expect(code).toBe(0);
    expect(out).not.toContain("creel");
    expect(git("config", "a.b")).toBe("c\n");
  });
});
