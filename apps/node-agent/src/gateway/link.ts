/**
 * Keeps one gateway process running and tells it what to serve. Threat: the gateway is killed, hangs, or comes back with less than it
 * served before. Invariant: while no gateway is attached nothing leaves a sandbox, and a new one is given every sandbox with the
 * policy in force now, never an older one.
 */
import { type ChildProcess, fork } from "node:child_process";
import { isDeepStrictEqual } from "node:util";
import type { Traffic } from "@creel/gateway";
import type { AgentRequest, AgentRequestAnswer } from "@creel/protocol";
import type { Logger } from "pino";
import { createBackoff } from "../backoff.ts";
import { reasonOf } from "../files.ts";
import { GATEWAY_ANSWER_MS_MAX, GATEWAY_READY_MS_MAX, GATEWAY_RESTART_MS, SHUTDOWN_MS_MAX } from "../limits.ts";
import { credentialIdentity } from "./credential-identity.ts";
import {
  fromGatewaySchema,
  type ServedModel,
  type ServedPolicy,
  type ServedSandbox,
  type ToGateway,
} from "./messages.ts";

export interface GatewayProgram {
  path: string;
  execArgv: string[];
  /** The whole environment of the process: this is where model keys live, and nowhere else. */
  env: NodeJS.ProcessEnv;
}
export type GatewayStart = Omit<Extract<ToGateway, { type: "start" }>, "type" | "notBeforeMs">;

export interface GatewayLink {
  /** Serves a sandbox from now on, also after restarts. Resolves once it is served; rejects when the gateway cannot. */
  serve(sandbox: ServedSandbox): Promise<void>;
  /** Resolves when the policy is in force: the gateway said so, or no gateway runs and nothing can leave. */
  setPolicy(id: string, policy: ServedPolicy): Promise<void>;
  drop(id: string): Promise<void>;
  /** The sandbox's signs of life on the network; null while no gateway serves it. */
  traffic(id: string): Promise<Traffic | null>;
  /** Tells the gateway what people answered; one that is away asks again. */
  answerAgents(answers: readonly AgentRequestAnswer[]): void;
  /** The life of the gateway that writes the journal now. */
  boot(): string | null;
  pid(): number | null;
  /** Resolves once a gateway has been ready; `model` then names what the newest one found. */
  readonly firstModel: Promise<ServedModel>;
  model(): ServedModel | null;
  close(): Promise<void>;
}

type Call = { resolve: (traffic: Traffic | null) => void; reject: (error: Error) => void; timer: NodeJS.Timeout };

export function createGatewayLink(options: {
  program: GatewayProgram;
  start: GatewayStart;
  log: Logger;
  /** The time by which deadlines are judged. */
  now: () => number;
  onJournal: () => void;
  onAgentRequest: (request: AgentRequest) => void;
  onModel: (model: ServedModel) => void;
}): GatewayLink {
  const { log } = options;
  const wanted = new Map<string, ServedSandbox>();
  const calls = new Map<number, Call>();
  const backoff = createBackoff(GATEWAY_RESTART_MS);
  let child: ChildProcess | null = null;
  let ready = false;
  let boot: string | null = null;
  let nextCall = 0;
  let closing = false;
  let restart: NodeJS.Timeout | undefined;
  let model: ServedModel | null = null;
  let modelKnown: (model: ServedModel) => void = () => undefined;
  const firstModel = new Promise<ServedModel>((resolve) => {
    modelKnown = resolve;
  });

  const ask = (make: (call: number) => ToGateway): Promise<Traffic | null> =>
    new Promise((resolve, reject) => {
      const call = nextCall++;
      const target = child;
      if (!target?.connected) return reject(new Error("The gateway process is away; it is being started again."));
      const timer = setTimeout(() => {
        calls.delete(call);
        log.error("the gateway does not answer; ending it and starting another");
        target.kill("SIGKILL");
        reject(new Error("The gateway process did not answer in time."));
      }, GATEWAY_ANSWER_MS_MAX);
      calls.set(call, { resolve, reject, timer });
      target.send(make(call), (error) => {
        if (error) settle(call, error.message);
      });
    });
  const settle = (call: number, error: string | null, traffic: Traffic | null = null) => {
    const known = calls.get(call);
    if (!known) return;
    calls.delete(call);
    clearTimeout(known.timer);
    if (error === null) known.resolve(traffic);
    else known.reject(new Error(error));
  };
  const add = (sandbox: ServedSandbox) => ask((call) => ({ type: "add", call, sandbox }));

  const spawn = () => {
    if (closing) return;
    const { path, execArgv, env } = options.program;
    const born = fork(path, [], {
      execArgv,
      env,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    child = born;
    const late = setTimeout(() => born.kill("SIGKILL"), GATEWAY_READY_MS_MAX);
    born.once("spawn", () =>
      born.send({ type: "start", ...options.start, notBeforeMs: options.now() } satisfies ToGateway),
    );
    born.on("error", (error) => log.error({ err: error }, "the gateway process could not be started"));
    born.on("message", (raw) => {
      const parsed = fromGatewaySchema.safeParse(raw);
      if (!parsed.success) return void log.error("the gateway said something that does not parse");
      const message = parsed.data;
      if (message.type === "done") settle(message.call, message.error);
      else if (message.type === "traffic") settle(message.call, null, message.traffic);
      else if (message.type === "journal") options.onJournal();
      else if (message.type === "agentRequest") options.onAgentRequest(message.request);
      else if (message.type === "problem") log.warn({ problem: message.text }, "the gateway reports a problem");
      else {
        clearTimeout(late);
        ready = true;
        boot = message.boot;
        log.info({ pid: born.pid, boot, sandboxes: wanted.size }, "gateway ready");
        model = message.model;
        modelKnown(message.model);
        options.onModel(message.model);
        backoff.reset();
        for (const sandbox of wanted.values())
          add(sandbox).catch((error: unknown) =>
            log.error(
              { sandbox: sandbox.id, reason: reasonOf(error) },
              "a sandbox could not be served; nothing leaves it",
            ),
          );
      }
    });
    born.once("exit", (code, signal) => {
      clearTimeout(late);
      if (child !== born) return;
      child = null;
      ready = false;
      for (const call of [...calls.keys()]) settle(call, "The gateway process ended.");
      if (closing) return;
      const delayMs = backoff.nextMs();
      log.error({ code, signal, delayMs }, "the gateway ended; nothing leaves any sandbox until the next one is ready");
      restart = setTimeout(spawn, delayMs);
    });
  };
  spawn();

  /** A gateway that died meanwhile serves nothing; the next one starts with what is wanted now. */
  const unlessItDied = async (answer: Promise<unknown>): Promise<void> => {
    try {
      await answer;
    } catch (error) {
      if (ready && child?.connected) throw error;
    }
  };

  return {
    async serve(sandbox) {
      wanted.set(sandbox.id, sandbox);
      if (ready) await unlessItDied(add(sandbox));
    },
    async setPolicy(id, policy) {
      const known = wanted.get(id);
      if (!known) return;
      wanted.set(id, { ...known, ...policy });
      if (!ready) return;
      const { digest, generation } = policy;
      const same =
        known.digest === digest &&
        known.yaml === policy.yaml &&
        isDeepStrictEqual(known.bounds, policy.bounds) &&
        isDeepStrictEqual(known.exceptions, policy.exceptions) &&
        credentialIdentity(known.credentials) === credentialIdentity(policy.credentials);
      if (same && known.generation === generation) return;
      await unlessItDied(
        ask((call) =>
          same ? { type: "setGeneration", call, id, digest, generation } : { type: "setPolicy", call, id, policy },
        ),
      );
    },
    async drop(id) {
      if (!wanted.delete(id) || !ready) return;
      await ask((call) => ({ type: "remove", call, id })).catch((error: unknown) =>
        log.warn({ sandbox: id, reason: reasonOf(error) }, "the gateway did not let go of a sandbox"),
      );
    },
    async traffic(id) {
      if (!ready || !wanted.has(id)) return null;
      return await ask((call) => ({ type: "traffic", call, id })).catch(() => null);
    },
    answerAgents(answers) {
      if (ready && child?.connected) child.send({ type: "agentAnswers", answers: [...answers] } satisfies ToGateway);
    },
    boot: () => boot,
    pid: () => child?.pid ?? null,
    firstModel,
    model: () => model,
    async close() {
      closing = true;
      clearTimeout(restart);
      const last = child;
      if (!last) return;
      await new Promise<void>((resolve) => {
        const force = setTimeout(() => last.kill("SIGKILL"), SHUTDOWN_MS_MAX);
        last.once("exit", () => {
          clearTimeout(force);
          resolve();
        });
        // The gateway ends by itself when its parent hangs up.
        if (last.connected) last.disconnect();
      });
    },
  };
}
