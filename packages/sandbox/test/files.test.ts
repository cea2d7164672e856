import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LaunchError } from "../src/index.ts";
import { type Basket, basket, cleanUp, temporary } from "./kit.ts";

let cage: Basket;
let secret: string;
beforeAll(async () => {
  secret = join(temporary(), "secret");
  writeFileSync(secret, "host secret");
  cage = await basket({
    files: [{ path: "/sandbox/settings.json", content: "{}\n" }],
    env: { TOKEN: "placeholder" },
  });
});
afterAll(cleanUp);

test("no file of the host is there, by name or by climbing", async () => {
  for (const path of [
    secret,
    "/etc/shadow",
    "/root",
    "/home",
    "/var/run/docker.sock",
    "/sys/kernel",
    "/proc/1/root/etc/shadow",
  ]) {
    expect((await cage.sh(`cat ${path} || ls ${path}`)).code, path).not.toBe(0);
  }
  expect((await cage.sh("cat /sandbox/work/../../../../../../etc/shadow")).code).not.toBe(0);
  symlinkSync(secret, join(cage.work, "link"));
  expect((await cage.sh("cat /sandbox/work/link")).code).not.toBe(0);
});

test("nothing but the workspace, home and temporary space can be written", async () => {
  for (const path of [
    "/x",
    "/usr/x",
    "/usr/bin/env",
    "/etc/passwd",
    "/etc/x",
    "/run/x",
    "/dev/x",
    "/sandbox/settings.json",
  ]) {
    expect((await cage.sh(`echo x >> ${path}`)).code, path).not.toBe(0);
  }
  expect((await cage.sh("rm -f /sandbox/settings.json; mv /sandbox/settings.json /sandbox/y")).code).not.toBe(0);
  for (const path of ["/sandbox/work/a", "/sandbox/b", "/tmp/c", "/dev/shm/d"]) {
    expect((await cage.sh(`echo x > ${path} && cat ${path}`)).out, path).toBe("x\n");
  }
});

test("what the agent writes in its workspace belongs to the workspace's owner on the host", async () => {
  await cage.sh("echo mine > /sandbox/work/mine");
  expect(readFileSync(join(cage.work, "mine"), "utf8")).toBe("mine\n");
  expect(statSync(join(cage.work, "mine")).uid).toBe(statSync(cage.work).uid);
});

test("PID 1 shows neither environment nor memory nor descriptors nor root", async () => {
  for (const name of ["environ", "mem", "maps", "fd/0", "root/etc", "cwd"]) {
    expect((await cage.sh(`cat /proc/1/${name} || ls /proc/1/${name}/`)).code, name).not.toBe(0);
  }
});

test("the processes of the host are invisible", async () => {
  const { out } = await cage.sh("ls /proc");
  const pids = out.split("\n").filter((name) => /^\d+$/.test(name));
  expect(pids.length).toBeLessThan(8);
});

test("an exec'd command holds only its three standard descriptors", async () => {
  const { out } = await cage.sh("exec ls -l /proc/self/fd");
  const targets = out.split("\n").filter((row) => row.includes("->"));
  expect(targets).toHaveLength(4); // 0, 1, 2 and ls's own directory
  expect(out).not.toContain("socket:");
});

test("the environment is the spec's and nothing of the host's", async () => {
  const { out } = await cage.sh(`tr '\\0' '\\n' < /proc/$$/environ`);
  const names = out
    .trim()
    .split("\n")
    .map((row) => row.split("=")[0]);
  expect(new Set(names)).toEqual(new Set(["PATH", "HOME", "USER", "LOGNAME", "LANG"]));
});

test("a link planted in the agent's home cannot move a mount onto trusted programs", async () => {
  const home = join(temporary(), "home");
  mkdirSync(home);
  symlinkSync("/usr/bin", join(home, "work"));
  const launch = basket({ mounts: [{ source: home, target: "/sandbox", mode: "rw" }] });
  await expect(launch).rejects.toThrow(LaunchError);
  await expect(launch).rejects.toMatchObject({ layer: "root" });
});

test("a policy's Landlock paths hold where mounts would allow", async () => {
  const narrow = await basket({
    readOnly: ["/usr", "/bin", "/lib", "/lib64"],
    readWrite: ["/tmp"],
    landlock: "hard_requirement",
  }).catch(() => basket({ readOnly: ["/usr", "/lib"], readWrite: ["/tmp"] }));
  expect((await narrow.sh("cat /etc/ssl/openssl.cnf /etc/os-release")).code).not.toBe(0);
  expect((await narrow.sh("echo x > /sandbox/x")).code).not.toBe(0);
  expect((await narrow.sh("echo x > /tmp/x && cat /tmp/x")).out).toBe("x\n");
});

test("hard_requirement refuses a path that does not exist, best_effort goes on without it", async () => {
  await expect(basket({ readOnly: ["/usr", "/no/such"], landlock: "hard_requirement" })).rejects.toMatchObject({
    layer: "landlock",
  });
  await expect(basket({ readOnly: ["/usr", "/bin", "/lib", "/lib64", "/no/such"] })).resolves.toBeDefined();
});

test("the agent never holds its log: it can neither truncate nor forge it", async () => {
  const loud = await basket({ command: ["sh", "-c", "echo first; : > /dev/stdout; echo second; sleep 100000"] });
  await expect.poll(() => readFileSync(join(loud.stateDir, "log"), "utf8")).toBe("first\nsecond\n");
  expect((await loud.sh(`ls ${loud.stateDir}`)).code).not.toBe(0);
  expect(existsSync(join(loud.stateDir, "log"))).toBe(true);
});

test("a noexec mount runs nothing, not even through the loader", async () => {
  const tools = join(temporary(), "tools");
  mkdirSync(tools);
  execFileSync("cp", ["/usr/bin/env", join(tools, "env")]);
  const strict = await basket({ mounts: [{ source: tools, target: "/opt/tools", mode: "ro", noexec: true }] });
  expect((await strict.sh("/opt/tools/env")).code).not.toBe(0);
  expect(
    (
      await strict.sh(
        "for l in /lib64/ld-linux*.so.2 /lib/ld-linux*.so.1; do $l /opt/tools/env && exit 0; done; exit 1",
      )
    ).code,
  ).not.toBe(0);
});
