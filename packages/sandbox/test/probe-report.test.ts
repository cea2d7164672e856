import { execFileSync } from "node:child_process";
import { hostCapabilitiesSchema } from "@creel/protocol";
import { describe, expect, test } from "vitest";
import { type HostFacts, reportHost } from "../src/index.ts";
import { launcherPath } from "../src/launcher.ts";
import { attackProgram } from "./kit.ts";

const WORKING = {
  landlock_abi: 7,
  ...{ userns: 0, netns: 0, mountns: 0, userns_rights: 0, pidns: 0, pidfd_getfd: 0, mount_api: 0 },
  ...{ netfilter: 0, nft_rules: 0, transparent: 0, seccomp: 0, idmap: 0, cgroup_memory: 1, pty: 0 },
};
/** A host on which everything works; each test takes away what its host lacks. */
const host = (changes: Partial<HostFacts> = {}): HostFacts => ({
  kernel: "6.18.0",
  arch: "x64",
  uid: 1000,
  calls: WORKING,
  callsFailed: null,
  trial: { failed: null, steered: true, identified: true, memoryLimited: true, cpuLimited: true },
  files: { "/proc/self/ns/user": "", "/proc/sys/vm/memfd_noexec": "0" },
  variables: [],
  devices: [],
  ...changes,
});
const failedAt = (layer: string, message = "Operation not permitted"): HostFacts["trial"] => ({
  failed: { layer, message, remedy: `remedy of ${layer}` },
  steered: false,
  identified: false,
  memoryLimited: false,
  cpuLimited: false,
});
const EPERM = 1;
const ENOENT = 2;
const ENOSPC = 28;
const remedyOf = (facts: HostFacts, id: string): string =>
  reportHost(facts).layers.find((layer) => layer.id === id)?.remedy ?? "";

test("a host with everything is told that everything is enforced", () => {
  const report = reportHost(host());
  expect(report.layers.filter(({ state }) => state !== "enforced")).toEqual([]);
  expect(report).toMatchObject({ ok: true, environment: { kind: "host" } });
});

test("whatever is missing, the report is one that the hub accepts", () => {
  const nothing = host({
    calls: {},
    callsFailed: "x".repeat(5000),
    trial: failedAt("launcher", "y".repeat(5000)),
    files: {},
  });
  for (const facts of [host(), nothing]) {
    const { kernel, arch, landlockAbi, layers } = reportHost(facts);
    expect(hostCapabilitiesSchema.parse({ kernel, arch, landlockAbi, layers })).toBeTruthy();
  }
  expect(reportHost(nothing).ok).toBe(false);
});

describe("user namespaces that are forbidden name what forbids them", () => {
  const refused = (changes: Partial<HostFacts>, errno = EPERM) =>
    host({
      calls: { ...WORKING, userns: errno, netns: errno, mountns: errno, pidns: errno },
      trial: failedAt("userns"),
      ...changes,
    });
  test.each<[string, Partial<HostFacts>, RegExp, number?]>([
    [
      "max_user_namespaces",
      { files: { "/proc/sys/user/max_user_namespaces": "0" } },
      /user\.max_user_namespaces=/,
      ENOSPC,
    ],
    [
      "Debian's switch",
      { files: { "/proc/sys/kernel/unprivileged_userns_clone": "0" } },
      /unprivileged_userns_clone=1/,
    ],
    ["Docker", { files: { "/.dockerenv": "" } }, /Docker|seccomp=unconfined/],
    ["Podman", { files: { "/run/.containerenv": "" } }, /unmask=ALL/],
    ["Kubernetes", { variables: ["KUBERNETES_SERVICE_HOST"] }, /seccompProfile.*procMount.*hostUsers/],
    ["a pod by its group", { files: { "/proc/1/cgroup": "0::/kubepods/besteffort/pod1/x" } }, /Kubernetes pod/],
    ["nspawn", { files: { "/run/systemd/container": "systemd-nspawn" } }, /nspawn/],
    ["LXC", { files: { "/run/systemd/container": "lxc" } }, /nesting/],
    ["WSL1", { kernel: "4.4.0-19041-Microsoft" }, /--set-version/],
    ["gVisor", { files: { "/proc/version": "Linux version 4.4.0 gVisor" } }, /gVisor/],
    ["nobody knows", {}, /journalctl/],
  ])("%s", (_name, changes, remedy, errno) => {
    expect(remedyOf(refused(changes, errno), "userns")).toMatch(remedy);
    expect(reportHost(refused(changes, errno)).ok).toBe(false);
  });
});

test("Ubuntu's AppArmor lets the namespace be made and takes its rights: the two commands are named", () => {
  const files = { "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1", "/proc/self/ns/user": "" };
  const facts = host({ calls: { ...WORKING, userns_rights: EPERM }, trial: failedAt("network"), files });
  expect(remedyOf(facts, "mountns")).toMatch(/cp infra\/apparmor\/creel-launch.*apparmor_parser -r/);
  expect(reportHost(facts).ok).toBe(false);
});

test("a kernel without tproxy never counts as steering, also when the trial said nothing of it", () => {
  const facts = host({ calls: { ...WORKING, nft_rules: 125 } });
  expect(remedyOf(facts, "tproxy")).toMatch(/modprobe -a nf_tables nft_tproxy/);
  expect(reportHost(facts).ok).toBe(false);
  expect(
    remedyOf(host({ calls: { ...WORKING, netfilter: ENOENT }, kernel: "5.15.90-microsoft-standard-WSL2" }), "tproxy"),
  ).toMatch(/wsl --update/);
});

test("a trial that was not steered, or whose program nobody knew, is not enforced although every call works", () => {
  for (const [id, trial] of [
    ["tproxy", { ...host().trial, steered: false }],
    ["identity", { ...host().trial, identified: false }],
  ] as const) {
    const report = reportHost(host({ trial }));
    expect(report.layers.find((layer) => layer.id === id)?.state).toBe("missing");
    expect(report.ok).toBe(false);
  }
});

test("each Landlock version says what it lacks, and none at all still lets sandboxes start", () => {
  const at = (landlock_abi: number) => reportHost(host({ calls: { ...WORKING, landlock_abi } }));
  const said = [1, 2, 3, 4, 5].map((abi) => at(abi).layers.find(({ id }) => id === "landlock"));
  expect(said.map((layer) => layer?.state)).toEqual(Array(5).fill("weaker"));
  expect(said[0]?.detail).toContain("moving files");
  expect(said[1]?.detail).toMatch(/emptied.*hard_requirement/);
  expect(said[2]?.detail).not.toContain("hard_requirement");
  expect(said[4]?.detail).toBe("ABI 5: no scopes: signals and abstract sockets are kept apart by namespaces alone");
  expect(at(0)).toMatchObject({ ok: true });
  expect(
    remedyOf(
      host({ calls: { ...WORKING, landlock_abi: 0 }, files: { "/sys/kernel/security/lsm": "capability,yama" } }),
      "landlock",
    ),
  ).toContain("lsm=landlock,capability,yama");
});

test("a masked /proc, none at all, and root of a narrow user namespace each have their own remedy", () => {
  const masked = host({
    trial: failedAt("root", "cannot mount a proc: Operation not permitted"),
    files: { "/run/.containerenv": "" },
  });
  expect(remedyOf(masked, "mountns")).toMatch(/locked down.*unmask=ALL/);
  const none = host({ trial: failedAt("userns", "cannot write uid_map: No such file or directory"), files: {} });
  expect(remedyOf(none, "userns")).toMatch(/Mount \/proc/);
  const narrow = host({
    uid: 0,
    trial: failedAt("root", "cannot clone /usr"),
    files: { "/proc/self/uid_map": "0 1000 1" },
  });
  expect(remedyOf(narrow, "mountns")).toMatch(/ordinary user/);
});

test("memory and processor time are told apart, each with the controller that is missing", () => {
  const controllers = { "/sys/fs/cgroup/cgroup.controllers": "cpuset io memory pids" };
  const facts = host({ trial: { ...host().trial, cpuLimited: false }, files: controllers });
  const layerOf = (id: string, of = facts) => reportHost(of).layers.find((layer) => layer.id === id);
  expect(layerOf("memory")?.state).toBe("enforced");
  expect(layerOf("cpu")).toMatchObject({ state: "weaker", remedy: expect.stringContaining("no cpu controller") });
  const neither = host({ trial: { ...host().trial, cpuLimited: false, memoryLimited: false } });
  expect(layerOf("cpu", neither)?.remedy).toContain("Delegate=yes");
  expect(layerOf("cpu", host({ trial: failedAt("root") }))?.detail).toContain("not tried");
  expect(reportHost(neither).ok).toBe(true);
});

test("no pty is a weaker host on which sandboxes start; one that ran out of them names the setting", () => {
  const said = (pty: number) => reportHost(host({ calls: { ...WORKING, pty } }));
  expect(said(ENOSPC).layers.find(({ id }) => id === "terminal")).toMatchObject({
    state: "weaker",
    remedy: expect.stringContaining("kernel.pty.max"),
  });
  expect(said(EPERM).layers.find(({ id }) => id === "terminal")?.remedy).toContain("devpts");
  expect(said(EPERM).ok).toBe(true);
});

test("compute devices that this user cannot open are named; a host without any is not said to lack something", () => {
  expect(reportHost(host()).layers.map(({ id }) => id)).not.toContain("devices");
  const devices = [{ path: "/dev/dri/renderD128", usable: false }];
  expect(reportHost(host({ devices })).layers.find(({ id }) => id === "devices")).toMatchObject({
    state: "weaker",
    detail: expect.stringContaining("/dev/dri/renderD128"),
  });
  expect(reportHost(host({ devices })).ok).toBe(true);
});

test("the facts of these tests are those that the launcher tells, no more and no fewer", () => {
  attackProgram(); // builds the launcher when the checkout has none
  const told = execFileSync(launcherPath(), ["probe"], { encoding: "utf8" }).trim().split("\n");
  expect(told.map((line) => line.split("=")[0]).sort()).toEqual(Object.keys(WORKING).sort());
});
