import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parsePolicy, policyDigest } from "@creel/policy";
import { type DesiredState, limitsSchema } from "@creel/protocol";
import { saveIdentity } from "../../apps/node-agent/src/identity.ts";
import { makeChain } from "../../apps/node-agent/test/world.ts";
import { percentiles } from "../percentiles.ts";
import { HOSTS, openHub, openWorld } from "./world.ts";

const ROUNDS = 20;
const STREAMS = 100;
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Holds many answers that do not end, opens them again when they are cut, and asks short questions all the while. */
const AGENT = `
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const hold = async (n) => { for (;;) { try {
  const answer = await fetch("https://s" + (n % ${HOSTS.length}) + ".creel.example/stream/" + n);
  if (answer.status === 200) for await (const _ of answer.body); else await answer.text();
} catch {} await pause(300); } };
for (let n = 0; n < ${STREAMS}; n++) hold(n);
for (;;) { await fetch("https://${HOSTS[0]}/api/x").then((r) => r.text(), () => 0); await pause(2); }`;

const policyOf = (paths: string[]): DesiredState["sandboxes"][number]["policy"] => {
  const rules = paths.map((path) => `          - allow: { method: GET, path: "${path}" }`).join("\n");
  const yaml = `version: 1
network_policies:
  host:
    name: host
    endpoints:
${HOSTS.map((host) => `      - host: ${host}\n        port: 443\n        protocol: rest\n        rules:\n${rules}`).join("\n")}
    binaries:
      - path: /opt/node/bin/node
`;
  const { policy } = parsePolicy(yaml);
  if (!policy) throw new Error("the benchmark's policy must parse");
  return { yaml, digest: policyDigest(policy), version: 1 };
};

const until = async (ready: () => boolean): Promise<void> => {
  while (!ready()) await delay(1);
};

export async function run() {
  const dir = mkdtempSync(join(tmpdir(), "creel-reload-"));
  const chain = await makeChain([{ type: "ip", value: "127.0.0.1" }]);
  const world = await openWorld();
  const firstMs = new Map<number, number>();
  const hub = await openHub(chain, ({ timeMs, generation }) => {
    firstMs.set(generation, Math.min(firstMs.get(generation) ?? Number.POSITIVE_INFINITY, timeMs));
  });
  const nodeDir = join(dir, "node");
  const { keyPem, certPem, caPem } = chain;
  const own = { nodeId: randomUUID(), nodeName: "bench", orgSlug: "bench", hubUrl: hub.url };
  await saveIdentity(nodeDir, { ...own, enrolledAt: new Date().toISOString(), keyPem, certPem, caPem });
  writeFileSync(join(dir, "ca.pem"), world.caPem);
  const { PATH, HOME } = process.env;
  const agent = spawn(process.execPath, [join(root, "apps/node-agent/dist/node-agent.js")], {
    cwd: root,
    env: {
      PATH,
      HOME,
      CREEL_NODE_DIR: nodeDir,
      CREEL_NODE_RESOLVE: JSON.stringify(world.resolve),
      CREEL_UPSTREAM_CA_FILE: join(dir, "ca.pem"),
      OLLAMA_HOST: "http://127.0.0.1:9",
      VLLM_BASE_URL: "http://127.0.0.1:9/v1",
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const id = randomUUID();
  let generation = 0;
  const push = (state: "running" | "stopped", policy: DesiredState["sandboxes"][number]["policy"] | null): number => {
    generation += 1;
    const box = {
      ...{ id, name: "streams", state, incarnation: 0, limits: limitsSchema.parse({}) },
      agent: { plugin: "command" as const, command: ["/opt/node/bin/node", "-e", AGENT] },
      restart: { policy: "never" as const, delayMs: 0 },
    };
    const sandboxes = policy === null ? [] : [{ ...box, policy }];
    const sentMs = Date.now();
    hub.push({ planId: randomUUID(), generation, parent: generation - 1, sandboxes });
    return sentMs;
  };
  const [wide, tight] = [policyOf(["/api/**", "/stream/**"]), policyOf(["/api/**"])];
  const decided: number[] = [];
  const cut: number[] = [];
  try {
    await until(hub.connected);
    push("running", wide);
    for (let round = 0; round < ROUNDS; round++) {
      await until(() => world.streams() >= STREAMS);
      const sentMs = push("running", tight);
      const current = generation;
      await until(() => world.streams() === 0);
      cut.push(Date.now() - sentMs);
      await until(() => firstMs.has(current));
      decided.push((firstMs.get(current) ?? 0) - sentMs);
      push("running", wide);
    }
    push("stopped", null);
    await delay(1_000);
  } finally {
    agent.kill("SIGTERM");
    await new Promise((resolve) => agent.once("exit", resolve));
    hub.close();
    world.close();
    rmSync(dir, { recursive: true, force: true });
  }
  return {
    title: `${ROUNDS} tighter policies pushed to a node, each with ${STREAMS} open streams`,
    unit: "ms",
    rows: [
      percentiles("plan sent to the first decision under it", decided),
      percentiles("plan sent to the last stream cut", cut),
    ],
  };
}
