import { afterAll, expect, test } from "vitest";
import { probeHost } from "../src/index.ts";
import { basket, cleanUp } from "./kit.ts";

afterAll(cleanUp);

test("a fork bomb stops at the process limit, and one sandbox's processes do not count for another", async () => {
  const [one, two] = await Promise.all([basket({ limits: { processes: 40 } }), basket({ limits: { processes: 40 } })]);
  for (const cage of [one, two]) {
    const forked = await cage.attack("fork_bomb");
    expect(forked).toBeGreaterThan(20);
    expect(forked).toBeLessThan(40);
  }
  // The sandbox still answers and stops.
  expect((await one.control.status())?.phase).toBe("running");
  await one.control.stop({ graceMs: 0 });
});

test("temporary space, open files and file size are capped", async () => {
  const cage = await basket({ limits: { tmpBytes: 1024 * 1024, openFiles: 64, fileBytes: 4096 } });
  expect((await cage.sh("ulimit -n")).out).toBe("64\n");
  expect((await cage.sh("head -c 100000 /dev/zero > /sandbox/work/big")).code).not.toBe(0);
  const roomy = await basket({ limits: { tmpBytes: 1024 * 1024 } });
  expect((await roomy.sh("head -c 2000000 /dev/zero > /tmp/big")).code).not.toBe(0);
});

test("exec output is cut at its cap and a command past its time is killed", async () => {
  const cage = await basket();
  const long = await cage.control.exec({ command: ["head", "-c", "100000", "/dev/zero"], outputBytesMax: 1000 });
  expect(long).toMatchObject({ exitCode: 0, truncated: true });
  expect(long.stdout).toHaveLength(1000);
  const slow = await cage.control.exec({ command: ["sleep", "7777"], timeoutMs: 200 });
  expect(slow).toMatchObject({ exitCode: null, error: "timed out after 200 ms" });
  await expect
    .poll(async () => (await cage.sh("cat /proc/[0-9]*/cmdline | tr '\\0' ' '")).out)
    .not.toContain("sleep 7777");
});

test("every layer of this host is tried for real and the answer has the protocol's shape", async () => {
  const host = await probeHost();
  expect(host.kernel).not.toBe("");
  expect(host.layers.map((l) => l.id)).toContain("identity");
  for (const layer of host.layers) {
    if (layer.state === "missing") expect(layer.remedy, layer.id).not.toBeNull();
  }
});
