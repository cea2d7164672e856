import { execFileSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { constants, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compile } from "../compiler.mjs";
import { attachControl, launchSandbox, PROTECTED_NAMES, type SandboxSpec } from "../src/index.ts";
import { canBuildDataCode, libraryOfData } from "./data-code.ts";
import { attackProgram, type Basket, basket, cleanUp, FOR_EVER, temporary } from "./kit.ts";

const { EACCES, EBUSY, EEXIST, EINVAL, ENETUNREACH, EPERM, EPROTONOSUPPORT, EAFNOSUPPORT, EROFS, EXDEV } =
  constants.errno;
const here = dirname(fileURLToPath(import.meta.url));
const PROGRAM = "/opt/profile-attacks";

let program: string;
beforeAll(() => {
  attackProgram(); // builds the launcher of a fresh checkout
  program = join(temporary(), "profile-attacks");
  compile(["-O1", "-w", "-o", program, join(here, "profile-attacks.c")]);
});
afterAll(cleanUp);

interface Ground extends Basket {
  /** Runs one attack; its errno, or 0 when it worked. */
  strike(name: string, arg?: string): Promise<number>;
}

async function ground(overrides: Partial<SandboxSpec>): Promise<Ground> {
  const cage = await basket({
    ...overrides,
    mounts: [{ source: program, target: PROGRAM, mode: "ro" }, ...(overrides.mounts ?? [])],
  });
  const strike = async (name: string, arg = "1"): Promise<number> => {
    const { exitCode, stdout, stderr } = await cage.control.exec({ command: [PROGRAM, name, arg] });
    if (exitCode !== 0) throw new Error(`${name}: ${exitCode} ${stdout}${stderr}`);
    return Number.parseInt(stdout, 10);
  };
  return Object.assign(cage, { strike });
}

describe("nothing writable runs (noexec)", () => {
  let cage: Ground;
  beforeAll(async () => {
    cage = await ground({ noexec: true });
    await cage.sh("for d in /sandbox/work /sandbox /tmp /dev/shm; do cp /usr/bin/env $d/env; chmod 755 $d/env; done");
  });

  test.each(["/sandbox/work", "/sandbox", "/tmp", "/dev/shm"])(
    "a program in %s, also by the loader",
    async (folder) => {
      expect(readdirSync(cage.work)).toContain("env");
      expect((await cage.sh(`${folder}/env true`)).code).not.toBe(0);
      const loader = `for l in /lib64/ld-linux*.so.2 /lib/ld-linux*.so.1; do [ -e $l ] && $l ${folder}/env true && exit 0; done; exit 1`;
      expect((await cage.sh(loader)).code).not.toBe(0);
      // The loader itself is fine: what stops it is where the file lies.
      expect((await cage.sh(loader.replace(`${folder}/env`, "/usr/bin/env"))).code).toBe(0);
    },
  );

  test("a library by LD_PRELOAD, a file mapped as code, data turned into code, shared memory", async () => {
    await cage.sh("cp $(ls /lib/*/libm.so.6 /lib64/libm.so.6 2>/dev/null | head -n1) /sandbox/work/evil.so");
    const preload = await cage.sh(
      "LD_PRELOAD=/sandbox/work/evil.so env | cat; LD_PRELOAD=/sandbox/work/evil.so sh -c 'cat /proc/self/maps'",
    );
    expect(preload.out).not.toMatch(/r-xp.*evil\.so/);
    for (const path of ["/sandbox/work/env", "/tmp/env", "/dev/shm/env"]) {
      expect(await cage.strike("map_code", path), path).toBe(EPERM);
      expect(await cage.strike("late_code", path), path).toBe(EACCES);
    }
    expect(await cage.strike("shm_code")).toBe(EPERM);
    expect(await cage.strike("map_code", "/usr/bin/env")).toBe(0);
  });

  test.runIf(canBuildDataCode)("a library whose code its loader makes out of data (x64)", async () => {
    const library = join(temporary(), "made.so");
    writeFileSync(library, libraryOfData({ exitCode: 77, connects: false }));
    const line =
      "cat $0 > /sandbox/work/made.so; for v in LD_PRELOAD LD_AUDIT; do env $v=/sandbox/work/made.so true; echo $?; done";
    const run = async (spec: Partial<SandboxSpec>) => {
      const cage = await ground({ ...spec, mounts: [{ source: library, target: "/opt/made.so", mode: "ro" }] });
      const { stdout } = await cage.control.exec({ command: ["sh", "-c", line, "/opt/made.so"] });
      // The same file from a place that the agent cannot write is as good as any library.
      const honest = await cage.control.exec({ command: ["sh", "-c", "LD_PRELOAD=/opt/made.so true; echo $?"] });
      return [stdout, honest.stdout];
    };
    expect(await run({ noexec: true })).toEqual(["0\n0\n", "0\n"]);
    expect(await run({})).toEqual(["77\n77\n", "0\n"]);
  });

  test("a program in memory without a name", async () => {
    expect(await cage.strike("memfd_plain")).toBe(EACCES);
    expect(await cage.strike("memfd_exec")).toBe(EACCES);
    expect(await cage.strike("memfd_secret")).toBe(EPERM);
    expect([EACCES, EPERM, EINVAL]).toContain(await cage.strike("memfd_sealed"));
    expect([0, EINVAL]).toContain(await cage.strike("memfd_sealed_kept"));
  });

  test("a namespace of its own does not lift it", async () => {
    const nested = await ground({ noexec: true, nestedUserns: true });
    await nested.sh("cp /usr/bin/env /sandbox/work/env");
    for (const path of ["/sandbox/work", "/tmp", "/sandbox"])
      expect(await nested.strike("nested_remount", path), path).toBe(EPERM);
  });

  test("without the profile all of this is allowed, so these tests can fail", async () => {
    const open = await ground({});
    await open.sh("cp /usr/bin/env /sandbox/work/env");
    expect((await open.sh("/sandbox/work/env true")).code).toBe(0);
    expect(await open.strike("map_code", "/sandbox/work/env")).toBe(0);
    expect(await open.strike("memfd_plain")).toBe(0);
  });
});

describe("user namespaces inside (nestedUserns)", () => {
  let cage: Ground;
  beforeAll(async () => {
    cage = await ground({ nestedUserns: true, protect: [".mcp.json", ".git/hooks/"] });
  });

  test("can be made, with mounts and a root of their own, which the sandbox itself never sees", async () => {
    expect(await cage.strike("nest")).toBe(0);
    expect(await cage.strike("nested_mount_over", PROGRAM)).toBe(0);
    expect((await cage.sh("/usr/bin/env true")).code).toBe(0);
  });

  test("are refused without it", async () => {
    const strict = await ground({});
    expect(await strict.strike("nest")).toBe(EPERM);
    expect(await strict.strike("loopback_down")).toBe(EAFNOSUPPORT);
  });

  test("own nothing of the sandbox's network: its interface, its rules, its raw packets", async () => {
    expect(await cage.strike("loopback_down")).toBe(EPERM);
    expect(await cage.strike("nested_loopback_down")).toBe(EPERM);
    expect(await cage.strike("nested_nft")).toBe(EPROTONOSUPPORT);
    expect(await cage.strike("nested_nft_own_net")).toBe(EPROTONOSUPPORT);
    expect(await cage.strike("nested_raw")).toBe(EPERM);
    expect(await cage.strike("nested_packet")).toBe(EAFNOSUPPORT);
    // A network of its own leads nowhere at all, and there is no way back.
    expect(await cage.strike("nested_connect")).toBe(ENETUNREACH);
    expect(await cage.strike("nested_setns")).toBe(EPERM);
  });

  test("reach neither PID 1, its descriptors and memory, nor the host's root", async () => {
    expect(await cage.strike("nested_ptrace_init")).toBe(EPERM);
    for (const name of ["nested_init_root", "nested_init_fd", "nested_init_mem"])
      expect([EACCES, EPERM], name).toContain(await cage.strike(name));
    expect(await cage.strike("nested_chroot")).toBe(EPERM);
    expect(await cage.strike("nested_setuid_bit", PROGRAM)).toBe(EPERM);
    expect(await cage.strike("nested_device")).toBe(EPERM);
    expect(await cage.strike("nested_sysfs")).toBe(EPERM);
  });

  test("cannot take apart, uncover or make writable what the sandbox mounted", async () => {
    for (const path of ["/sandbox/work/.mcp.json", "/sandbox/work/.git/hooks", "/usr"]) {
      expect(await cage.strike("nested_umount", path), path).toBe(EINVAL);
      expect(await cage.strike("nested_remount", path), path).toBe(EPERM);
      expect(await cage.strike("nested_move", path), path).toBe(EINVAL);
    }
    // A copy of the workspace without the mounts that lie in it.
    expect(await cage.strike("nested_bind", "/sandbox/work")).toBe(EINVAL);
    expect(await cage.strike("nested_bind", "/sandbox/work/.git")).toBe(EINVAL);
  });

  test("keep the host's signals and abstract sockets out of reach", async () => {
    const name = `creel-nested-${process.pid}`;
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(`\0${name}`, resolve));
    expect(await cage.attack("abstract", name)).toBe(constants.errno.ECONNREFUSED);
    server.close();
  });

  test("are not to be had together with a policy that demands Landlock", async () => {
    await expect(ground({ nestedUserns: true, landlock: "hard_requirement" })).rejects.toMatchObject({
      layer: "landlock",
    });
  });
});

describe("protected names", () => {
  const work = "/sandbox/work";
  const existing = (folder: string): void => {
    mkdirSync(join(folder, ".git/hooks"), { recursive: true });
    writeFileSync(join(folder, ".git/config"), "[core]\n");
    writeFileSync(join(folder, ".git/hooks/pre-commit.sample"), "sample\n");
    writeFileSync(join(folder, ".mcp.json"), '{"mcpServers":{}}\n');
  };
  /** A sandbox on a workspace that `prepare` filled. */
  async function guarded(prepare: (folder: string) => void, overrides: Partial<SandboxSpec> = {}) {
    const folder = join(temporary(), "workspace");
    mkdirSync(folder, { mode: 0o755 });
    prepare(folder);
    const base = temporary();
    for (const name of ["run", "state"]) mkdirSync(join(base, name), { mode: 0o700 });
    await launchSandbox({
      ...{ id: "guarded", runDir: join(base, "run"), stateDir: join(base, "state"), command: FOR_EVER },
      mounts: [
        { source: folder, target: work, mode: "rw" },
        { source: program, target: PROGRAM, mode: "ro" },
      ],
      protect: [...PROTECTED_NAMES],
      ...overrides,
    });
    const control = await attachControl({ runDir: join(base, "run") });
    const strike = async (name: string, arg: string): Promise<number> =>
      Number.parseInt((await control.exec({ command: [PROGRAM, name, arg] })).stdout, 10);
    const sh = async (line: string) => {
      const { stdout, stderr, exitCode } = await control.exec({ command: ["sh", "-c", line] });
      return { out: stdout + stderr, code: exitCode };
    };
    const end = async (): Promise<void> => {
      await control.stop({ graceMs: 0 });
      control.close();
    };
    return { folder, base, strike, sh, end };
  }
  const tree = (folder: string): string =>
    execFileSync("find", [folder, "-printf", "%P %y %m %s %U %n\n"], { encoding: "utf8" })
      .split("\n")
      .sort()
      .join("\n");

  test("that exist can be read, and neither written, removed, renamed, linked nor replaced", async () => {
    const cage = await guarded(existing);
    for (const name of [".mcp.json", ".git/config"]) {
      const path = `${work}/${name}`;
      expect((await cage.sh(`cat ${path}`)).out, name).toBe(readFileSync(join(cage.folder, name), "utf8"));
      expect(await cage.strike("create", path), name).toBe(EROFS);
      expect([EBUSY, EROFS], name).toContain(await cage.strike("unlink", path));
      expect(await cage.strike("rename", path), name).toBe(EBUSY);
      expect([EBUSY], name).toContain(await cage.strike("exchange", path));
      expect([EBUSY], name).toContain(await cage.strike("rename_onto", path));
      expect(await cage.strike("link_out", path), name).toBe(EXDEV);
      expect(await cage.strike("chmod", path), name).toBe(EROFS);
    }
    expect(await cage.strike("create", `${work}/.git/hooks/pre-commit`)).toBe(EROFS);
    expect(await cage.strike("rename", `${work}/.git/hooks/pre-commit.sample`)).toBe(EROFS);
    expect(await cage.strike("rename", `${work}/.git/hooks`)).toBe(EBUSY);
    await cage.end();
    expect(readFileSync(join(cage.folder, ".git/config"), "utf8")).toBe("[core]\n");
  });

  test("cannot be gone round by moving a directory above them away", async () => {
    const cage = await guarded(existing);
    expect(await cage.strike("rename", `${work}/.git`)).toBe(EBUSY);
    expect(await cage.strike("exchange", `${work}/.git`)).toBe(EBUSY);
    expect((await cage.sh(`rm -rf ${work}/.git`)).code).not.toBe(0);
    expect(existsSync(join(cage.folder, ".git/hooks/pre-commit.sample"))).toBe(true);
    // The rest of it is the agent's to write.
    expect((await cage.sh(`echo ref > ${work}/.git/HEAD && mkdir ${work}/.git/objects`)).code).toBe(0);
    await cage.end();
  });

  test("that are missing cannot be made in any way, and leave no trace", async () => {
    const cage = await guarded((folder) => writeFileSync(join(folder, "readme"), "hello\n"));
    for (const name of PROTECTED_NAMES) {
      const path = `${work}/${name.replace(/\/$/, "")}`;
      expect([EROFS, constants.errno.EISDIR], name).toContain(await cage.strike("create", path));
      expect(await cage.strike("symlink_onto", path), name).toBe(EEXIST);
      expect(await cage.strike("bind_socket", path), name).toBe(EEXIST);
      expect([EBUSY, EROFS, constants.errno.EISDIR], name).toContain(await cage.strike("unlink", path));
      expect([EBUSY, EROFS, constants.errno.ENOTDIR], name).toContain(await cage.strike("rmdir", path));
      expect(await cage.strike("rename", path), name).toBe(EBUSY);
    }
    expect((await cage.sh(`echo x > ${work}/.vscode/tasks.json`)).code).not.toBe(0);
    expect((await cage.sh(`mkdir -p ${work}/.git/hooks && echo x > ${work}/.git/hooks/pre-commit`)).code).not.toBe(0);
    // What a program finds there means nothing.
    expect((await cage.sh(`cat ${work}/.mcp.json ${work}/.envrc`)).out).toBe("{}\n");
    await cage.end();
    expect(readdirSync(cage.folder)).toEqual(["readme"]);
  });

  test("leave the workspace bit for bit as it was", async () => {
    const folder = join(temporary(), "before");
    mkdirSync(folder);
    let before = "";
    const cage = await guarded((workspace) => {
      existing(workspace);
      before = tree(workspace);
    });
    expect(tree(cage.folder)).not.toBe(before);
    await cage.end();
    expect(tree(cage.folder)).toBe(before);
  });

  test("keep what the agent wrote beside them in a directory made for them", async () => {
    const cage = await guarded(() => {});
    await cage.sh(`echo mine > ${work}/.claude/notes`);
    await cage.end();
    expect(readdirSync(cage.folder)).toEqual([".claude"]);
    expect(readdirSync(join(cage.folder, ".claude"))).toEqual(["notes"]);
  });

  test.each([
    ["at the name", (folder: string, out: string) => symlinkSync(join(out, "file"), join(folder, ".mcp.json"))],
    ["above the name", (folder: string, out: string) => symlinkSync(out, join(folder, ".git"))],
    ["to nowhere", (folder: string) => symlinkSync("/nonexistent", join(folder, ".envrc"))],
  ])("are refused when an earlier run left a link %s, and nothing is touched behind it", async (_where, plant) => {
    const outside = join(temporary(), "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "file"), "{}");
    const folder = join(temporary(), "folder");
    mkdirSync(folder);
    plant(folder, outside);
    const before = [tree(outside), tree(folder)];
    await expect(
      guarded(() => {}, {
        mounts: [{ source: folder, target: work, mode: "rw" }],
      }),
    ).rejects.toMatchObject({ layer: "protect" });
    expect([tree(outside), tree(folder)]).toEqual(before);
  });

  test("are refused when the file has a second name by which it could be written", async () => {
    for (const name of [".git/config", ".git/hooks/pre-commit.sample"]) {
      const launch = guarded((folder) => {
        existing(folder);
        linkSync(join(folder, name), join(folder, "second"));
      });
      await expect(launch, name).rejects.toMatchObject({ layer: "protect" });
    }
  });

  test("hold where .git is the file of a linked work tree", async () => {
    const cage = await guarded((folder) => writeFileSync(join(folder, ".git"), "gitdir: /elsewhere\n"));
    expect(await cage.strike("create", `${work}/.git`)).toBe(EROFS);
    expect(await cage.strike("rename", `${work}/.git`)).toBe(EBUSY);
    await cage.end();
    expect(readFileSync(join(cage.folder, ".git"), "utf8")).toBe("gitdir: /elsewhere\n");
  });

  test("a placeholder that a killed launcher left is taken away by the next", async () => {
    const first = await guarded(() => {});
    const control = await attachControl({ runDir: join(first.base, "run") });
    const gone = new Promise<void>((resolve) => control.onExit(resolve));
    process.kill((await control.status())?.shimPid ?? 0, "SIGKILL");
    await gone;
    expect(lstatSync(join(first.folder, ".mcp.json")).isSocket()).toBe(true);
    const base = temporary();
    for (const name of ["run", "state"]) mkdirSync(join(base, name), { mode: 0o700 });
    const next = await guarded(() => {}, { mounts: [{ source: first.folder, target: work, mode: "rw" }] });
    await next.end();
    expect(existsSync(join(first.folder, ".mcp.json"))).toBe(false);
  });

  test("two sandboxes on one workspace: the first to end does not lift what protects against the other", async () => {
    const one = await guarded(() => {});
    const two = await guarded(() => {}, {
      mounts: [
        { source: one.folder, target: work, mode: "rw" },
        { source: program, target: PROGRAM, mode: "ro" },
      ],
    });
    await one.end();
    expect(await two.strike("create", `${work}/.mcp.json`)).toBe(EROFS);
    expect(await two.strike("create", `${work}/.git/hooks/pre-commit`)).toBe(EROFS);
    await two.end();
    expect(readdirSync(one.folder)).toEqual([]);
  });

  test("a launch that fails later takes its placeholders away", async () => {
    const folder = mkdtempSync(join(tmpdir(), "creel-sbx-"));
    await expect(
      guarded(() => {}, { mounts: [{ source: folder, target: work, mode: "rw" }], command: ["/no/such/program"] }),
    ).rejects.toMatchObject({ layer: "exec" });
    expect(readdirSync(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  test.each(["/etc/passwd", "../x", "a/../../x", "", "a//b", "./a", "a\0b"])("the name %j is refused", async (name) => {
    await expect(guarded(() => {}, { protect: [name] })).rejects.toMatchObject({ layer: "spec" });
  });
});

describe("devices", () => {
  test.each([
    "/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda", "/dev/net/tun", "/dev/kvm", "/dev/fuse", "/dev/dri/card0", "/dev/null/../kmsg",
    "/dev/nvidia0/../mem", "nvidia0", "/tmp/nvidia0", "/dev/nvidia", "/dev/input/event0", "/dev/video0", "/dev/vsock", "/dev/loop0",
  ])("%s is refused", async (path) => {
    await expect(basket({ devices: [path] })).rejects.toMatchObject({ layer: "devices" });
  }); // biome-ignore format: a word list reads best as words

  test("gpu stands for what the host has, and a device it lacks is refused", async () => {
    const cage = await basket({ devices: ["gpu"] });
    const inside = (await cage.sh("ls /dev")).out.split("\n");
    const outside = readdirSync("/dev").filter((name) => /^nvidia\d|^nvidiactl$|^kfd$|^dxg$/.test(name));
    expect(inside.filter((name) => /nvidia|kfd|dxg/.test(name)).sort()).toEqual(expect.arrayContaining(outside.sort()));
    for (const name of ["mem", "kmsg", "kvm", "fuse", "vda", "loop0", "net"]) expect(inside).not.toContain(name);
    if (!existsSync("/dev/nvidia99"))
      await expect(basket({ devices: ["/dev/nvidia99"] })).rejects.toMatchObject({ layer: "devices" });
  });
});
