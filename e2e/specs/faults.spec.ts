import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { eventually, Fleet } from "../support/fleet.ts";
import { type Decision, decisionsAfter, runningSandbox, sandboxOf } from "../support/views.ts";

/**
 * Each program of the deployment is killed with no warning, one at a time. The sandbox lives on, nothing gets out while nobody decides,
 * and afterwards the feed is whole: every decision of every boot, once, without a gap.
 */
const fleet = new Fleet();
const NAME = "witness";
const BACK_MS = 60_000;
let witnessId: string | undefined;

/** The demo's policy names curl, or Node on a host without curl; the witness asks with the same. */
const PAGE = "https://tickets.creel.example/api/tickets";
const BY_NODE = `const began = Date.now(); fetch("${PAGE}", { signal: AbortSignal.timeout(2000) })
  .then((r) => r.status, () => "000").then((status) => console.log(status, (Date.now() - began) / 1000))`;
const BY_CURL = `curl -s -m 2 -o /dev/null -w '%{http_code} %{time_total}\\n' ${PAGE}`;
/** Asks for a page again and again, and writes down what it was answered. */
const LOOP = `while true; do
  if [ -x /usr/bin/curl ]; then ${BY_CURL}; else /opt/node/bin/node -e '${BY_NODE}'; fi >> /sandbox/work/answers
  sleep 0.2
done`;

test.describe.configure({ mode: "serial" });
test.beforeAll(async () => {
  test.setTimeout(240_000);
  await fleet.start();
  const { items: nodes } = await fleet.api<{ items: { id: string }[] }>("GET", "/nodes");
  const { items: policies } = await fleet.api<{ items: { id: string; name: string }[] }>("GET", "/policies");
  await fleet.api("POST", "/sandboxes", {
    name: NAME,
    nodeId: nodes[0]?.id,
    policyId: policies.find(({ name }) => name === "demo")?.id,
    agent: { plugin: "command", command: ["bash", "-c", LOOP] },
    restart: { policy: "never", delayMs: 0 },
  });
  await runningSandbox(fleet, NAME);
  await allowedAfter(0);
});
test.afterAll(async () => {
  test.setTimeout(90_000);
  await fleet.remove();
});

const mine = async (cursor: number): Promise<Decision[]> => {
  return (await decisionsAfter(fleet, cursor)).filter(({ sandbox }) => sandbox === NAME);
};
/** Waits for a decision of the witness that is newer than the cursor: its answers flow again. */
const allowedAfter = (cursor: number): Promise<Decision> =>
  eventually(
    "a new decision",
    async () => (await mine(cursor)).find((each) => each.decision === "allow") ?? null,
    BACK_MS,
  );
const newest = async (): Promise<number> => (await mine(0)).at(-1)?.cursor ?? 0;

/** The gateway is a child of the node agent and has no file of its own. */
function gatewayPid(): number {
  const parent = fleet.program("node-agent").pid;
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(/\s+/);
  const found = children.find((pid) => pid !== "" && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("gateway"));
  if (found === undefined) throw new Error("no gateway process");
  return Number(found);
}
const pidOf = (name: string): number => (name === "gateway" ? gatewayPid() : fleet.program(name).pid);

for (const name of ["web", "hub", "gateway", "node-agent"]) {
  test(`kill -9 of ${name}: the sandbox lives, and the feed catches up`, async () => {
    const before = await runningSandbox(fleet, NAME);
    const cursor = await newest();
    const killed = pidOf(name);
    process.kill(killed, "SIGKILL");
    await eventually(`${name} is back`, () => (pidOf(name) === killed ? null : true), BACK_MS);
    await eventually("the API answers", () => sandboxOf(fleet, NAME), BACK_MS);
    await allowedAfter(Math.max(cursor, await newest()));
    const after = await runningSandbox(fleet, NAME);
    expect(after.status?.pid).toBe(before.status?.pid);
    expect(after.incarnation).toBe(before.incarnation);
    expect(after.status?.restarts).toBe(before.status?.restarts);
  });
}

test("while no gateway runs, nothing gets out", async () => {
  const agent = fleet.program("node-agent").pid;
  const gateway = gatewayPid();
  const before = await newest();
  // The node agent is held first, so that it cannot start another gateway.
  process.kill(agent, "SIGSTOP");
  try {
    process.kill(gateway, "SIGKILL");
    await eventually("the gateway is gone", () => isGone(gateway));
    const first = await answers();
    const then = await eventually("two tries that nobody answered", async () => {
      const now = await answers();
      return now.refused >= first.refused + 2 ? now : null;
    });
    expect(then.answered).toBe(first.answered);
  } finally {
    process.kill(agent, "SIGCONT");
  }
  await allowedAfter(before);
});

test("every decision stands in the feed once, in order, and everything the world answered is among them", async () => {
  // Read first: what is answered after this line is not asked for below.
  const { answered } = await answers();
  expect(answered).toBeGreaterThan(0);
  const allowed = await eventually("every answer has its decision", async () => {
    const count = (await mine(0)).filter((each) => each.kind === "http" && each.decision === "allow").length;
    return count >= answered ? count : null;
  });
  // A request that was decided when its gateway died has a decision and no answer; never the other way round.
  expect(allowed).toBeGreaterThanOrEqual(answered);
  const all = await decisionsAfter(fleet, 0);
  expect(new Set(all.map(({ boot, seq }) => `${boot}/${seq}`)).size).toBe(all.length);
  expect(all.every(({ cursor }, index) => cursor > (all[index - 1]?.cursor ?? 0))).toBe(true);
  for (const boot of new Set(all.map((each) => each.boot))) {
    const own = all.filter((each) => each.boot === boot);
    const numbers = own.map(({ seq }) => seq);
    const missing = Math.max(...numbers) - Math.min(...numbers) + 1 - own.length;
    // The ends of allowed flows share the numbering and are no rows of their own.
    expect(missing, `numbers of boot ${boot} without a row`).toBeLessThanOrEqual(
      own.filter(({ decision }) => decision === "allow").length,
    );
  }
});

const isGone = (pid: number): true | null => {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8")) ? true : null;
  } catch {
    return true;
  }
};
/** What the witness wrote down, read from its workspace on the host: that way needs none of the programs under test. */
async function answers(): Promise<{ answered: number; refused: number }> {
  witnessId ??= (await sandboxOf(fleet, NAME)).id;
  const lines = readFileSync(`${fleet.home}/node/sandboxes/${witnessId}/workspace/answers`, "utf8").split("\n");
  return {
    answered: lines.filter((line) => line.startsWith("200 ")).length,
    refused: lines.filter((line) => line.startsWith("000 ")).length,
  };
}
