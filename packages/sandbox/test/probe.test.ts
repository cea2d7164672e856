import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compile } from "../compiler.mjs";
import { canConfine, type HostReport, inspectHost } from "../src/index.ts";
import { attackProgram, cleanUp, temporary } from "./kit.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
let without: string;

beforeAll(() => {
  attackProgram(); // builds the launcher when the checkout has none
  without = join(temporary(), "without");
  compile(["-O1", "-w", "-o", without, join(here, "without.c")]);
});
afterAll(cleanUp);

/** The report as a process sees it that runs behind `wrapper`. */
function reportBehind(wrapper: readonly string[]): Promise<HostReport> {
  return new Promise((resolve, reject) => {
    const [program = "", ...args] = [...wrapper, process.execPath, "--import", "tsx", join(here, "print-report.ts")];
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
    });
    child.once("error", reject);
    child.once("close", () => resolve(JSON.parse(text) as HostReport));
  });
}
const layerOf = (report: HostReport, id: string) => report.layers.find((layer) => layer.id === id);

describe.concurrent("a layer that is really taken away is missed, with what to do", () => {
  const cases: [taken: string, layer: string, detail: RegExp, remedy: RegExp][] = [
    ["userns", "userns", /not permitted/, /./],
    ["netfilter", "tproxy", /no netfilter/, /modprobe|nf_tables/],
    ["transparent", "tproxy", /no transparent sockets/, /nft_tproxy/],
    ["tproxy", "tproxy", /refuses the rules/, /nft_tproxy/],
    ["mount-api", "mountns", /mount calls/, /5\.12/],
    ["notify", "seccomp", /filter/, /notification/],
  ];
  test.each(cases)("%s", async (taken, layer, detail, remedy) => {
    const report = await reportBehind([without, taken, "--"]);
    expect(layerOf(report, layer)).toMatchObject({ state: "missing", detail: expect.stringMatching(detail) });
    expect(layerOf(report, layer)?.remedy).toMatch(remedy);
    expect(report.ok).toBe(false);
  });

  test("Landlock: sandboxes start, and it is said that a policy which demands it does not", async () => {
    const report = await reportBehind([without, "landlock", "--"]);
    expect(report).toMatchObject({ ok: true, landlockAbi: 0 });
    expect(layerOf(report, "landlock")).toMatchObject({
      state: "missing",
      detail: expect.stringContaining("hard_requirement"),
    });
  });

  test("network namespaces: the launch names them, though another thread and the shim fail over its end", async () => {
    const base = temporary();
    const [runDir, stateDir] = [join(base, "run"), join(base, "state")];
    for (const path of [runDir, stateDir]) mkdirSync(path, { mode: 0o700 });
    const spec = JSON.stringify({ id: "test", runDir, stateDir, command: ["true"] });
    const node = [process.execPath, "--import", "tsx", join(here, "launch-and-wait.ts"), spec];
    const tried = spawnSync(without, ["netns", "--", ...node], { encoding: "utf8" });
    expect(tried.stderr).toMatch(/LaunchError.*cannot make the network namespace: No space left/);
    expect(tried.stderr).toContain("layer: 'network'");
    expect(readdirSync(runDir)).toEqual([]);
  });

  const asOrdinary = ["unshare", "-Um", "--map-user=1000", "--map-group=1000", "--keep-caps", "sh", "-c"];
  test("a masked /proc, as container engines make it", async () => {
    const report = await reportBehind([...asOrdinary, 'mount --bind /dev/null /proc/version && exec "$@"', "sh"]);
    expect(layerOf(report, "mountns")).toMatchObject({ state: "missing", detail: expect.stringContaining("proc") });
    expect(layerOf(report, "mountns")?.remedy).toMatch(/\/proc/);
    expect(report.ok).toBe(false);
  });

  test("no /proc at all", async () => {
    const shell = 'mount -t tmpfs none /proc && exec "$@"';
    const report = await reportBehind([
      "unshare",
      ...(process.getuid?.() === 0 ? [] : ["-U", "-r"]),
      "-m",
      "sh",
      "-c",
      shell,
      "sh",
    ]);
    expect(layerOf(report, "userns")?.remedy).toMatch(/\/proc/);
    expect(report.ok).toBe(false);
  });

  test("no user namespaces left: the sysctl is named", async () => {
    const shell = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"';
    const report = await reportBehind(["unshare", "-Ur", "sh", "-c", shell, "sh"]);
    expect(layerOf(report, "userns")?.remedy).toMatch(/user\.max_user_namespaces=/);
    expect(report.ok).toBe(false);
  });
});

test("this host: whoever can start a sandbox is told so, and every missing layer has a remedy", async () => {
  const report = await inspectHost();
  expect(report.ok).toBe(canConfine(report));
  expect(report.layers.filter(({ state, remedy }) => state !== "enforced" && remedy === null)).toEqual([]);
});
