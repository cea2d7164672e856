import { createServer } from "node:net";
import { constants } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Basket, basket, cleanUp } from "./kit.ts";

const {
  EPERM,
  ENOSYS,
  EAFNOSUPPORT,
  EPROTONOSUPPORT,
  EOPNOTSUPP,
  EACCES,
  ESRCH,
  EADDRINUSE,
  ENETUNREACH,
  ECONNREFUSED,
  EINVAL,
} = constants.errno;

let cage: Basket;
beforeAll(async () => {
  cage = await basket();
});
afterAll(cleanUp);

describe("the kernel refuses", () => {
  test.each([
    ["ptrace", "tracing PID 1", EPERM],
    ["vm_read", "reading another process's memory", EPERM],
    ["pidfd_getfd", "taking a descriptor from PID 1", EPERM],
    ["mount", "mounting", EPERM],
    ["open_tree", "cloning a mount", EPERM],
    ["unshare_user", "a new user namespace", EPERM],
    ["unshare_net", "a new network namespace", EPERM],
    ["clone_user", "a new user namespace by clone", EPERM],
    ["clone3", "clone3, whose flags a filter cannot see", ENOSYS],
    ["setns", "joining a namespace", EPERM],
    ["keyctl", "the kernel keyring", EPERM],
    ["io_uring", "io_uring, which goes round the filter", EPERM],
    ["bpf", "bpf", EPERM],
    ["perf", "performance counters", EPERM],
    ["userfaultfd", "userfaultfd", EPERM],
    ["vsock", "a vsock socket to the hypervisor", EAFNOSUPPORT],
    ["packet", "a packet socket", EAFNOSUPPORT],
    ["netlink", "a netlink socket", EAFNOSUPPORT],
    ["alg", "a kernel crypto socket", EAFNOSUPPORT],
    ["raw", "a raw socket", EPERM],
    ["ping", "an ICMP socket", EPROTONOSUPPORT],
    ["mptcp", "multipath TCP, which Landlock does not see", EPROTONOSUPPORT],
    ["sctp", "SCTP", EPROTONOSUPPORT],
    ["fast_open", "TCP fast open by sendto, a connect that nobody sees", EOPNOTSUPP],
    ["fast_open_msg", "TCP fast open by sendmsg", EOPNOTSUPP],
    ["setuid_bit", "setting the set-user-id bit", EPERM],
    ["setuid_create", "creating a set-user-id file", EPERM],
    ["openat2", "openat2, whose mode a filter cannot see", ENOSYS],
    ["setuid", "becoming root", EINVAL],
    ["tiocsti", "typing into the terminal", EPERM],
    ["tiocsti_high", "typing into the terminal with high bits set", EPERM],
    ["set_exe", "lying about its own executable", EPERM],
    ["personality", "changing its personality", EPERM],
    ["chroot", "chroot", EPERM],
    ["handle", "opening a file by handle", EPERM],
    ["unknown", "a call newer than the filter", ENOSYS],
  ])("%s: %s", async (name, _what, errno) => {
    expect(await cage.attack(name)).toBe(errno);
  });

  test("making a disk device, writing its own memory, id map or sysctl through /proc", async () => {
    for (const name of ["mknod", "own_mem", "map", "sysctl"])
      expect([EACCES, EPERM]).toContain(await cage.attack(name));
  });

  test("signals to a process of the host, and PID 1 ignores its own children", async () => {
    expect(await cage.attack("kill", String(process.pid))).toBe(ESRCH);
    expect(await cage.attack("kill", String(cage.shimPid))).toBe(ESRCH);
    await cage.attack("kill_init");
    expect((await cage.control.status())?.phase).toBe("running");
  });

  test("an abstract unix socket of the host", async () => {
    const name = `creel-test-${process.pid}`;
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(`\0${name}`, resolve));
    expect(await cage.attack("abstract", name)).toBe(ECONNREFUSED);
    server.close();
  });

  test("UDP to anywhere but the resolver, IPv6, and a listener in the gateway's place", async () => {
    expect([ECONNREFUSED, EPERM]).toContain(await cage.attack("udp"));
    expect(await cage.attack("ipv6")).toBe(ENETUNREACH);
    expect(await cage.attack("hijack")).toBe(EADDRINUSE);
  });
});

test("the agent has no capability, cannot gain one, and both filters are in force", async () => {
  const { out } = await cage.sh("cat /proc/self/status");
  for (const set of ["Inh", "Prm", "Eff", "Bnd", "Amb"]) expect(out).toMatch(new RegExp(`Cap${set}:\\s0{16}`));
  expect(out).toMatch(/NoNewPrivs:\s1/);
  expect(out).toMatch(/Seccomp:\s2/);
});

test("a root launcher's agent is not root on the host", async () => {
  const { readFileSync } = await import("node:fs");
  const status = readFileSync(`/proc/${cage.agentPid}/status`, "utf8");
  const uid = process.getuid?.() === 0 ? 65534 : process.getuid?.();
  expect(status).toMatch(new RegExp(`Uid:\\s${uid}\\s${uid}\\s${uid}\\s${uid}`));
});
