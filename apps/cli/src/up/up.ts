import { readFileSync } from "node:fs";
import { join } from "node:path";
import { probeHost } from "@creel/sandbox";
import { openApi } from "../api/client.ts";
import { canConfine, describeHost } from "../doctor/doctor.ts";
import { inheritedEnv, readEnv } from "../env.ts";
import { CliError, EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine, line, page, painter } from "../io.ts";
import { stepper } from "../progress.ts";
import { foundOrg, ORG_SLUG, resetFirstOwner } from "./bootstrap.ts";
import { type DevFile, readDevFile, writeDevFile } from "./credentials.ts";
import { type Database, startDatabase } from "./database.ts";
import { makeDemo, type NodeView } from "./demo.ts";
import { type HomePaths, homePaths, makeHome } from "./home.ts";
import { endLeftovers } from "./leftovers.ts";
import { lockHome } from "./lock.ts";
import { hasJoined, prepareJoin, untilConnected } from "./node.ts";
import { choosePort } from "./ports.ts";
import { hubProgram, nodeProgram, requireBuilt, type Settings, webProgram } from "./programs.ts";
import { hubAnswers, tail, untilReady, webAnswers } from "./ready.ts";
import { ensureMasterKey, ensureTls, lastingSecret, tlsPaths } from "./secrets.ts";
import { stopSandboxes } from "./stop-sandboxes.ts";
import { type ProgramSpec, type Supervised, supervise, trimLog } from "./supervisor.ts";
import { describeStarted } from "./welcome.ts";
import { startWorld, type World } from "./world.ts";

const WEB_PORT = 7400;
const HUB_PORT = 7401;
const READY_MS = 60_000;
const NODE_READY_MS = 60_000;
const TRIM_INTERVAL_MS = 60_000;

/** What has been started so far, in order; stopping goes backwards. */
class Started {
  readonly #stops: { name: string; stop: () => Promise<unknown> }[] = [];
  add(name: string, stop: () => Promise<unknown>): void {
    this.#stops.push({ name, stop });
  }
  async stopAll(onProblem: (text: string) => void): Promise<void> {
    for (const { name, stop } of this.#stops.splice(0).reverse()) {
      await stop().catch((error: unknown) => onProblem(`${name} could not be stopped cleanly: ${String(error)}`));
    }
  }
}

/** Starts everything on this machine, keeps it running, and ends it on Ctrl-C or SIGTERM. */
export async function up(options: { json: boolean; resetOwner: boolean }, io: Io): Promise<ExitCode> {
  const env = readEnv();
  const paths = homePaths(env.home);
  requireBuilt();
  makeHome(paths);
  const releaseLock = lockHome(paths, () => {
    const dev = readDevFile(paths);
    return dev === null ? "" : ` at ${dev.webUrl}`;
  });
  const started = new Started();
  const interrupted = new AbortController();
  const onSignal = (): void => interrupted.abort(new CliError("interrupted", { exitCode: EXIT.done }));
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, onSignal);
  const note = (text: string): void => io.err(line(`creel: ${text}`));
  try {
    await start({ io, ...options, env, paths, started, signal: interrupted.signal, note });
    if (!interrupted.signal.aborted) {
      await new Promise((resolve) => interrupted.signal.addEventListener("abort", resolve, { once: true }));
    }
    return EXIT.done;
  } catch (error) {
    if (interrupted.signal.aborted) return EXIT.done;
    throw error;
  } finally {
    if (!options.json) io.err(page("\nStopping…\n"));
    await started.stopAll(note);
    releaseLock();
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.removeListener(name, onSignal);
    if (!options.json) io.err(line(`Stopped. The data stays in ${paths.home}.`));
  }
}

interface Start {
  io: Io;
  json: boolean;
  /** Gives the first owner a new password. */
  resetOwner: boolean;
  env: ReturnType<typeof readEnv>;
  paths: HomePaths;
  started: Started;
  signal: AbortSignal;
  note: (text: string) => void;
}

async function start({ io, json, resetOwner, env, paths, started, signal, note }: Start): Promise<void> {
  const step = stepper(io, json);
  const continueUnlessInterrupted = (): void => signal.throwIfAborted();
  const ended = await endLeftovers(paths);
  if (ended > 0) note(`an earlier start was killed; ended ${ended} programs that it had left running`);

  await step("Looking at what this host can enforce", async () => {
    const host = await probeHost();
    if (canConfine(host)) return;
    throw new CliError("this host cannot confine an agent:", {
      details: ["", ...describeHost(host, painter(false)).split("\n")],
      remedy: "Put the missing layers right as described; `creel doctor` looks again.",
    });
  });
  continueUnlessInterrupted();

  const previous = readDevFile(paths);
  const { web, hub } = await choosePorts(env, previous, note);
  const database: Database = await step("Starting the database", () => startDatabase(paths, env.databaseUrl, note));
  started.add("the database", () => database.stop());
  continueUnlessInterrupted();

  ensureMasterKey(paths, previous !== null);
  await ensureTls(paths);
  const settings: Settings = {
    paths,
    urls: database.urls,
    webPort: web,
    webUrl: `http://127.0.0.1:${web}`,
    hubPort: hub,
    hubUrl: `https://127.0.0.1:${hub}`,
    redisUrl: env.redisUrl,
    sessionSecret: lastingSecret(paths.sessionSecret),
    env: inheritedEnv(),
  };
  const founded = await step("Founding the organization", () => foundOrg(paths, database.urls));
  const owner = resetOwner
    ? await step("Giving the first owner a new password", () => resetFirstOwner(paths, database.urls, founded))
    : founded;
  continueUnlessInterrupted();

  const keep = (spec: ProgramSpec): Supervised => {
    const program = supervise(spec, paths, (name, how, pauseMs) => {
      if (!signal.aborted)
        note(`${name} ended (${how}); starting it again in ${pauseMs} ms (${paths.logs}/${name}.log)`);
    });
    started.add(spec.name, () => program.stop());
    return program;
  };
  const caPem = readFileSync(tlsPaths(paths.tls).caCert, "utf8");
  await step("Starting hub and web", async () => {
    keep(hubProgram(settings));
    keep(webProgram(settings));
    await Promise.all([
      untilReady({ name: "hub", timeoutMs: READY_MS, paths, signal }, () => hubAnswers(hub, caPem)),
      untilReady({ name: "web", timeoutMs: READY_MS, paths, signal }, () => webAnswers(settings.webUrl)),
    ]);
  });

  const world: World = await startWorld(paths);
  started.add("the demo world", () => world.close());
  const api = openApi({ url: settings.webUrl, token: owner.apiToken });
  const node = await step("Starting this machine's node", () =>
    startNode({ api: owner.tokenHolds ? api : null, settings, world, keep, signal, started, note }),
  );
  if (node !== null) await step("Preparing the demo", () => makeDemo(api, paths, node));

  const { email, password, apiToken } = owner;
  const dev: DevFile = {
    webUrl: settings.webUrl,
    hubUrl: settings.hubUrl,
    orgSlug: ORG_SLUG,
    email,
    password,
    apiToken,
  };
  writeDevFile(paths, dev);
  const trim = setInterval(() => {
    for (const name of ["hub", "web", "node-agent"]) trimLog(join(paths.logs, `${name}.log`));
  }, TRIM_INTERVAL_MS);
  started.add("log care", async () => clearInterval(trim));
  io.out(
    json
      ? jsonLine({ ready: true, webUrl: dev.webUrl, hubUrl: dev.hubUrl, devFile: paths.devJson })
      : page(describeStarted({ dev, owner, node, paths }, painter(io.colour))),
  );
}

async function choosePorts(env: Start["env"], previous: DevFile | null, note: (text: string) => void) {
  const portOf = (url: string | undefined): number | null =>
    url === undefined ? null : Number(new URL(url).port) || null;
  const taken = new Set<number>();
  const wishes = [
    {
      name: "dashboard",
      variable: "CREEL_WEB_PORT",
      explicit: env.webPort,
      previous: portOf(previous?.webUrl),
      usual: WEB_PORT,
    },
    {
      name: "hub",
      variable: "CREEL_HUB_PORT",
      explicit: env.hubPort,
      previous: portOf(previous?.hubUrl),
      usual: HUB_PORT,
    },
  ];
  const ports: number[] = [];
  for (const wish of wishes) {
    const chosen = await choosePort({ ...wish, taken });
    if (chosen.note !== null) note(chosen.note);
    taken.add(chosen.port);
    ports.push(chosen.port);
  }
  return { web: ports[0] ?? WEB_PORT, hub: ports[1] ?? HUB_PORT };
}

/** Where the key of the first start was taken back, a node that has joined is started and not waited for. */
async function startNode(parts: {
  api: ReturnType<typeof openApi> | null;
  settings: Settings;
  world: World;
  keep: (spec: ProgramSpec) => Supervised;
  signal: AbortSignal;
  started: Started;
  note: (text: string) => void;
}): Promise<NodeView | null> {
  const { api, settings, world, keep, signal, started } = parts;
  const { paths } = settings;
  if (api === null && !hasJoined(paths)) {
    parts.note("this machine's node cannot join by itself: the key of the first start is no longer valid");
    return null;
  }
  const joining = api === null ? null : await prepareJoin(api, paths);
  // Registered first, so that it runs after the agent has ended and nobody starts a sandbox again.
  started.add("the sandboxes", () => stopSandboxes(paths));
  keep(nodeProgram(settings, world, joining));
  if (api === null) return null;
  const late = AbortSignal.any([signal, AbortSignal.timeout(NODE_READY_MS)]);
  try {
    return await untilConnected(api, paths, late);
  } catch (error) {
    if (signal.aborted || !late.aborted) throw error;
    const log = join(paths.logs, "node-agent.log");
    throw new CliError(`the node did not connect within ${NODE_READY_MS / 1000} s`, {
      place: log,
      remedy: `The end of its log:\n${tail(log)}`,
    });
  }
}
