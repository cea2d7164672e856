import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { probeHost } from "@creel/sandbox";
import { pino } from "pino";
import { startAgent } from "./agent.ts";
import { lockState } from "./agent-lock.ts";
import { enroll } from "./enroll.ts";
import { type AgentEnv, readAgentEnv } from "./env.ts";
import { privateDir, readIfThere, reasonOf } from "./files.ts";
import type { GatewayProgram } from "./gateway/link.ts";
import { type Identity, loadIdentity } from "./identity.ts";
import { nodePaths } from "./paths.ts";
import { createSandboxRuntime } from "./sandbox/host-runtime.ts";

/** The gateway lies beside this program: as a bundle, or as source under a loader. */
function gatewayProgram(env: NodeJS.ProcessEnv): GatewayProgram {
  const here = process.argv[1] ?? "";
  return here.endsWith(".ts")
    ? { path: join(dirname(here), "gateway-process.ts"), execArgv: process.execArgv, env }
    : { path: join(dirname(here), "gateway.js"), execArgv: [], env };
}

/** The saved identity; or a new one by the join URI in a file, which is deleted once it has been traded in. */
async function identityOf(env: AgentEnv, capabilities: Awaited<ReturnType<typeof probeHost>>): Promise<Identity> {
  const known = await loadIdentity(env.dir);
  if (known) return known;
  const uri = env.joinUriFile ? await readIfThere(env.joinUriFile) : null;
  if (!env.joinUriFile || !uri)
    throw new Error(
      "This host is not enrolled. Make a join address in the dashboard (Nodes, Enroll a node) and run `creel node enroll -`.",
    );
  const identity = await enroll(uri.trim(), env.dir, { capabilities, ...(env.nodeName ? { name: env.nodeName } : {}) });
  await rm(env.joinUriFile, { force: true });
  return identity;
}

async function main(): Promise<void> {
  const env = readAgentEnv();
  const log = pino({ level: env.logLevel, base: { program: "node-agent" } });
  await privateDir(env.dir);
  const unlock = lockState(nodePaths(env.dir).lock);
  const capabilities = await probeHost();
  const identity = await identityOf(env, capabilities);
  if (env.enrollOnly) {
    unlock();
    const { nodeId, nodeName, orgSlug, hubUrl } = identity;
    process.stdout.write(`${JSON.stringify({ nodeId, nodeName, orgSlug, hubUrl })}\n`);
    return;
  }
  const agent = await startAgent({
    dir: env.dir,
    identity: env.hubUrl ? { ...identity, hubUrl: env.hubUrl } : identity,
    capabilities,
    gatewayProgram: gatewayProgram(env.gatewayEnv),
    resolve: env.resolve,
    upstreamCa: env.upstreamCa,
    makeRuntime: ({ gateway }) =>
      createSandboxRuntime({ paths: nodePaths(env.dir), agentsRoot: env.agentsRoot, gateway }),
    log,
  });
  const stop = (signal: string) => {
    log.info({ signal }, "stopping; sandboxes stay, cut off, until the next start");
    agent
      .close()
      .then(unlock)
      .then(
        () => process.exit(0),
        () => process.exit(1),
      );
  };
  process.once("SIGTERM", () => stop("SIGTERM"));
  process.once("SIGINT", () => stop("SIGINT"));
}

main().catch((error: unknown) => {
  process.stderr.write(`creel node agent: ${reasonOf(error)}\n`);
  process.exit(1);
});
