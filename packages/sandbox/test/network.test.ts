import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ATTACKS, attackProgram, type Basket, basket, cleanUp, receptionist } from "./kit.ts";

let cage: Basket;
let desk: Awaited<ReturnType<typeof receptionist>>;
let sha256: string;
beforeAll(async () => {
  cage = await basket();
  desk = await receptionist(cage.runDir);
  sha256 = createHash("sha256").update(readFileSync(attackProgram())).digest("hex");
});
afterAll(cleanUp);

test("every TCP connection ends at the listener with the destination the program meant", async () => {
  expect(await cage.attack("wait_answer")).toBe(0);
  const { destination, identity } = await desk.next();
  expect(destination).toBe("203.0.113.9:443");
  expect(identity).toMatchObject({ path: ATTACKS, sha256 });
});

describe("the program behind a connection is the one that called connect()", () => {
  test.each([
    ["spoof_exec", "connect, then become a trusted program with the connection open"],
    ["spoof_nonblock", "connect without waiting, then become a trusted program"],
    ["spoof_fork", "connect, then a child becomes a trusted program"],
    ["connect_exit", "connect, write and be gone"],
  ])("%s: %s", async (name) => {
    for (let i = 0; i < 20; i++) {
      await cage.attack(name, "/usr/bin/sleep");
      const { identity } = await desk.next();
      expect(identity).toMatchObject({ path: ATTACKS, sha256 });
    }
  });

  test("ancestors are named nearest first", async () => {
    await cage.sh(`sh -c '${ATTACKS} wait_answer; true'; true`);
    const { identity } = await desk.next();
    expect(identity?.ancestors.length).toBeGreaterThanOrEqual(2);
    for (const path of identity?.ancestors ?? []) expect(path).toMatch(/\/usr\/bin\/(da|ba)?sh$/);
  });

  test("a copy of a trusted program under another path is another program", async () => {
    await cage.sh(`cp ${ATTACKS} /tmp/copy && /tmp/copy wait_answer`);
    expect((await desk.next()).identity).toMatchObject({ path: "/tmp/copy", sha256 });
  });

  test("an IPv6 socket to a mapped IPv4 address has an identity too", async () => {
    expect(await cage.attack("mapped")).toBe(0);
    expect(await desk.next()).toMatchObject({ destination: "203.0.113.9:443", identity: { path: ATTACKS } });
  });

  test("a socket that two programs called connect() on belongs to nobody", async () => {
    // The desk answers at once, so this gateway waits until both have called before it asks.
    const other = await basket();
    await other.sh(`cp ${ATTACKS} /tmp/second`);
    await other.attack("two_callers");
    const late = await receptionist(other.runDir);
    expect((await late.next()).identity).toBeNull();
  });

  test("a connection the kernel has no record of belongs to nobody", async () => {
    const stranger = { remoteAddress: "10.0.2.100", remotePort: 1, localAddress: "203.0.113.9", localPort: 443 };
    expect(await desk.network.who(stranger)).toBeNull();
  });
});

test("names are asked of the resolver socket and of nothing else", async () => {
  const asked = new Promise<Buffer>((resolve) => desk.network.dns.once("message", resolve));
  const lookup = cage.control.exec({ command: ["getent", "hosts", "exfil.example"], timeoutMs: 3000 });
  expect((await asked).toString("latin1")).toContain("exfil");
  await lookup;
});
