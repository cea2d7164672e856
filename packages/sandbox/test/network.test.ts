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
  // Nobody answers it: it ends with the sandbox.
  cage.control.exec({ command: ["getent", "hosts", "exfil.example"] }).catch(() => {});
  expect((await asked).toString("latin1")).toContain("exfil");
});

/** The question as it came, with one address behind it. */
function addressFor(query: Buffer): Buffer {
  const question = query.subarray(12, query.indexOf(0, 12) + 5);
  const head = Buffer.from("0000818000010001000000000000", "hex").subarray(0, 12);
  query.copy(head, 0, 0, 2);
  return Buffer.concat([head, question, Buffer.from("c00c000100010000003c0004c6120009", "hex")]);
}

test("a name is asked for longer than a busy machine's gateway takes to come: more than five times", async () => {
  let asked = 0;
  desk.network.dns.on("message", (query: Buffer, from) => {
    if (!query.toString("latin1").includes("patient")) return;
    asked += 1;
    if (asked > 5) desk.network.dns.send(addressFor(query), from.port, from.address);
  });
  const { exitCode, stdout } = await cage.control.exec({ command: ["getent", "ahostsv4", "patient.example"] });
  expect({ exitCode, address: stdout.split(" ")[0], asked }).toEqual({ exitCode: 0, address: "198.18.0.9", asked: 6 });
});
