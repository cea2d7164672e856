import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** Threat: a name has an allowed address beside one that a new policy takes away, and what leads to the latter lives on. */
const SCRIPT = fileURLToPath(new URL("./support/two-addresses.ts", import.meta.url));
/** A whole program starts here, which a busy host may let wait. */
const SCRIPT_TIMEOUT_MS = 60_000;
/** A network of its own, in which a whole range of addresses is this host without being any interface's. */
const NETWORK = 'ip link set lo up && ip route add local 10.77.0.0/24 dev lo && exec "$@"';
const inNetwork = (...command: string[]) =>
  spawnSync("unshare", ["--user", "--map-root-user", "--net", "sh", "-c", NETWORK, "sh", ...command], {
    encoding: "utf8",
    timeout: SCRIPT_TIMEOUT_MS,
  });
/** A bare image has no `ip`, and some hosts grant no namespaces. */
const able = inNetwork("true").status === 0;

test.skipIf(!able)(
  "what leads to an address that a new policy takes away is cut, and the next goes to the other",
  () => {
    const { stdout, stderr, status } = inNetwork(process.execPath, "--import", "tsx", SCRIPT);
    expect([stderr, status]).toEqual(["", 0]);
    expect(stdout.trim().split("\n")).toEqual(
      ["raw", "http"].flatMap((kind) => [
        `${kind} at 10.77.0.1`,
        `${kind} cut`,
        `${kind} at 10.77.0.2`,
        `${kind} at 10.77.0.1`,
        `${kind} stays`,
      ]),
    );
  },
  SCRIPT_TIMEOUT_MS * 2,
);
