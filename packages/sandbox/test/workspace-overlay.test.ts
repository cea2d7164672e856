import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { cleanUp, haveLauncher, temporary } from "./kit.ts";

const here = dirname(fileURLToPath(import.meta.url));
const MIB = 1024 * 1024;
/** Layers on two file systems: a file then names another device than the folder in which it lies. */
const OVERLAY = `set -e; mount -t tmpfs t "$1/lower"; mount -t tmpfs t "$1/upper"; mkdir "$1/upper/u" "$1/upper/w"
mount -t overlay o -o "lowerdir=$1/lower,upperdir=$1/upper/u,workdir=$1/upper/w" "$1/work"; chown 65534:65534 "$1/work"`;

afterAll(cleanUp);

function folders(): string {
  const base = temporary();
  for (const name of ["lower", "upper", "work"]) mkdirSync(join(base, name));
  chmodSync(base, 0o755);
  return base;
}
const probe = () => spawnSync("unshare", ["-m", "sh", "-c", OVERLAY, "sh", folders()], { encoding: "utf8" });
const probed = process.getuid?.() === 0 ? probe() : null;
const why = probed === null ? "needs root" : `${probed.error?.message ?? probed.stderr}`.trim();

test.skipIf(probed?.status !== 0).each([
  ["written", "head -c 64000000 /dev/zero > big"],
  ["deleted", "exec 3> big; rm big; head -c 64000000 /dev/zero >&3"],
])(`an overlay's files are measured: %s${probed?.status === 0 ? "" : ` (left out: ${why})`}`, (_, line) => {
  haveLauncher();
  const base = folders();
  const spec = {
    id: "overlay",
    runDir: join(base, "run"),
    stateDir: join(base, "state"),
    command: ["sh", "-c", `${line}; sleep 1000000`],
    mounts: [{ source: join(base, "work"), target: "/sandbox/work", mode: "rw" }],
    limits: { workspaceBytes: 16 * MIB },
  };
  const inside = [process.execPath, "--import", "tsx", join(here, "overlay-and-wait.ts"), JSON.stringify(spec)];
  const within = `${OVERLAY}\nshift; exec "$@"`;
  const out = execFileSync("unshare", ["-m", "sh", "-c", within, "sh", base, ...inside], { timeout: 120_000 });
  expect(JSON.parse(String(out))).toMatchObject({ cause: "workspace", limit: 16 * MIB });
});
