import { isDeepStrictEqual } from "node:util";
import {
  type DesiredState,
  type ExecResult,
  HEARTBEAT_INTERVAL_MS,
  type HostCapabilities,
  type HubMessage,
  type ModelInfo,
  type NodeMessage,
  PROTOCOL_VERSION,
} from "@creel/protocol";
import type { Logger } from "pino";
import { createAgentRequests } from "./agent-requests.ts";
import {
  type AcceptedState,
  judgeDesired,
  loadDesired,
  outOfTurn,
  refusalSentence,
  saveDesired,
} from "./desired-store.ts";
import { privateDir, reasonOf } from "./files.ts";
import { createGatewayLink, type GatewayLink, type GatewayProgram } from "./gateway/link.ts";
import { hostCannot } from "./host-cannot.ts";
import { createHubLink, type HubLink } from "./hub-link.ts";
import type { Identity } from "./identity.ts";
import { EXECS_MAX, MODEL_KNOWN_MS_MAX } from "./limits.ts";
import { createLogTail } from "./log-tail.ts";
import { nodePaths } from "./paths.ts";
import { createReconciler } from "./reconciler.ts";
import { createRenewal } from "./renewal.ts";
import type { SandboxRuntime } from "./sandbox/runtime.ts";
import { ensureSealingKey } from "./sealing-key.ts";
import { CLOCK_SAVE_MS, openSteadyClock } from "./steady-clock.ts";
import { createUploader } from "./uploader.ts";
import { AGENT_VERSION } from "./version.ts";

export interface AgentOptions {
  dir: string;
  identity: Identity;
  capabilities: HostCapabilities;
  gatewayProgram: GatewayProgram;
  resolve: Record<string, string>;
  upstreamCa: string[];
  makeRuntime: (tools: { gateway: GatewayLink; log: Logger }) => SandboxRuntime;
  log: Logger;
  now?: () => number;
}
export interface Agent {
  /** Process id of the gateway, for those who watch it. */
  gatewayPid(): number | null;
  connected(): boolean;
  close(): Promise<void>;
}

const hasCredentials = (held: AcceptedState | null): boolean =>
  held?.state.sandboxes.some(({ credentials = [] }) => credentials.length > 0) ?? false;

const MODEL_UNKNOWN: ModelInfo = { provider: "unknown", name: "not known yet", scripted: false };

/** The node agent: converges on the plan it holds, with or without the hub, and tells the hub what happened. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { dir, log } = options;
  const paths = nodePaths(dir);
  const clock = await openSteadyClock({
    path: paths.clock,
    ...(options.now ? { wall: options.now } : {}),
    onSetBack: (byMs) =>
      log.warn(
        { byMs, file: paths.clock },
        "this host's clock is behind the time that was seen before; deadlines go by the later time. Remove the file and restart when the clock was ahead then",
      ),
  });
  const { now } = clock;
  let identity = options.identity;
  let model = MODEL_UNKNOWN;
  let execs = 0;
  let closing = false;
  /** An answer that no connection could carry; the next one does. */
  let answerDue: NodeMessage | null = null;
  let applying: Promise<void> = Promise.resolve();

  await privateDir(paths.journal);
  const sealing = await ensureSealingKey(paths.sealingKey);
  const loaded = await loadDesired(paths.desired, now()).catch((error: unknown) => {
    log.error({ reason: reasonOf(error) }, "the plan on disk cannot be used; waiting for the hub's");
    return null;
  });
  let inForce: AcceptedState | null = loaded?.accepted ?? null;
  /** What the hub is told to have in force: nothing, while something of it no longer holds, so that it sends the plan again. */
  let heldWhole = (loaded?.whole ?? true) && !(sealing.fresh && hasCredentials(inForce));

  // Set below; until then nothing can be sent and nothing is acknowledged.
  let link: HubLink | null = null;
  let boot: () => string | null = () => null;
  const send = (message: NodeMessage): boolean => link?.send(message) ?? false;
  const uploader = await createUploader({ paths, send, liveBoot: () => boot(), log });
  const requests = createAgentRequests({
    send: (asked) => send({ type: "agent_requests", requests: asked }),
    onAnswers: (answers) => gateway.answerAgents(answers),
  });
  const gateway: GatewayLink = createGatewayLink({
    program: options.gatewayProgram,
    start: {
      journalDir: paths.journal,
      labels: { org: identity.orgSlug, node: identity.nodeName },
      resolve: options.resolve,
      upstreamCa: options.upstreamCa,
      nodeId: identity.nodeId,
      sealingKey: paths.sealingKey,
      exceptionUses: paths.exceptionUses,
    },
    log,
    now,
    onJournal: () => uploader.poke(),
    onAgentRequest: (request) => requests.ask(request),
    onModel: ({ info }) => {
      const isNews = !isDeepStrictEqual(info, model);
      model = info;
      if (isNews) link?.greetAgain();
    },
  });
  boot = gateway.boot;
  const runtime = options.makeRuntime({ gateway, log });
  const logs = createLogTail({ send: (message) => link?.sendDroppable(message) ?? false });
  const reconciler = await createReconciler({
    paths,
    gateway,
    runtime,
    logs,
    inForce,
    log,
    now,
    onStatus: (status) => void send({ type: "status", status }),
  });

  const answer = (state: DesiredState, ok: boolean, reason: string | null) => {
    const message: NodeMessage = {
      type: "plan_result",
      planId: state.planId,
      generation: state.generation,
      ok,
      reason,
    };
    answerDue = send(message) ? null : message;
  };
  const apply = async (state: DesiredState): Promise<void> => {
    const arrivedMs = performance.now();
    const judged = judgeDesired(state, { inForce, hostCannot: hostCannot(options.capabilities), nowMs: now() });
    if (!judged.ok) {
      log.warn({ generation: state.generation, reason: judged.reason }, "a plan was refused; what is in force stays");
      return answer(state, false, judged.reason);
    }
    try {
      const { accepted } = judged;
      inForce = accepted;
      heldWhole = true;
      // A disk that takes its time does not delay a tighter policy; nothing is started or answered before both are done.
      const parts = await Promise.allSettled([reconciler.putPolicies(accepted), saveDesired(paths.desired, accepted)]);
      const tookMs = Math.round((performance.now() - arrivedMs) * 10) / 10;
      // Also when one of them failed: what is to end, ends.
      await reconciler.converge(accepted);
      for (const part of parts) if (part.status === "rejected") throw part.reason;
      const refused = refusalSentence(accepted);
      log.info({ generation: state.generation, sandboxes: state.sandboxes.length, tookMs, refused }, "plan in force");
      answer(state, refused === null, refused);
      heartbeat();
    } catch (error) {
      log.error({ err: error }, "a plan could not be put in force");
      answer(state, false, reasonOf(error));
    }
  };
  const exec = async ({ commandId, request }: Extract<HubMessage, { type: "exec" }>): Promise<void> => {
    const failed = (error: string): ExecResult => ({ exitCode: null, stdout: "", stderr: "", truncated: false, error });
    let result: ExecResult;
    execs += 1;
    try {
      result = execs > EXECS_MAX ? failed("This node runs too many commands at once.") : await reconciler.exec(request);
    } catch (error) {
      result = failed(reasonOf(error));
    } finally {
      execs -= 1;
    }
    send({ type: "exec_result", commandId, result });
  };
  const renewal = createRenewal({
    dir,
    identity: () => identity,
    setIdentity: (next) => {
      identity = next;
    },
    send,
    log,
    now,
  });
  const heartbeat = () => {
    requests.send();
    return send({ type: "heartbeat", at: new Date(now()).toISOString(), statuses: reconciler.statuses() });
  };
  const onMessage = (message: Exclude<HubMessage, { type: "welcome" }>): void => {
    const failed = (error: unknown) =>
      log.error({ err: error, type: message.type }, "a message of the hub could not be acted on");
    if (message.type === "desired") {
      // A kill waits for no plan that is still being put in force.
      if (outOfTurn(message.state, inForce?.state ?? null) === null) reconciler.strike(message.state);
    }
    if (message.type === "desired") applying = applying.then(() => apply(message.state)).catch(failed);
    else if (message.type === "journal_ack") uploader.acknowledged(message.batch).catch(failed);
    else if (message.type === "exec") exec(message).catch(failed);
    // What was allowed is in force before its agent hears of it.
    else if (message.type === "agent_answers") applying.then(() => requests.answered(message.answers)).catch(failed);
    else renewal.accept(message.certificatePem).catch(failed);
  };

  // The first hello names the model, so it waits for the gateway; but not for ever.
  let known: NodeJS.Timeout | undefined;
  await Promise.race([
    gateway.firstModel,
    new Promise((resolve) => {
      known = setTimeout(resolve, MODEL_KNOWN_MS_MAX);
    }),
  ]);
  clearTimeout(known);
  const hub = createHubLink({
    identity: () => identity,
    log,
    hello: () => ({
      type: "hello",
      protocol: PROTOCOL_VERSION,
      agentVersion: AGENT_VERSION,
      capabilities: options.capabilities,
      model,
      generation: heldWhole ? (inForce?.state.generation ?? 0) : 0,
      sealingKey: sealing.publicKey,
    }),
    onWelcome({ nodeName, orgSlug }) {
      log.info({ node: nodeName, org: orgSlug }, "connected to the hub");
      heartbeat();
      if (answerDue && send(answerDue)) answerDue = null;
      uploader.connected();
      requests.send();
      renewal.check().catch((error: unknown) => log.error({ err: error }, "renewal failed"));
    },
    onMessage,
    onDown: () => uploader.disconnected(),
  });
  link = hub;
  const pulse = setInterval(heartbeat, HEARTBEAT_INTERVAL_MS);
  const saveClock = () =>
    clock.save().catch((error: unknown) => log.error({ err: error }, "the time could not be saved"));
  await saveClock();
  const clockSaving = setInterval(() => void saveClock(), CLOCK_SAVE_MS);

  return {
    gatewayPid: () => gateway.pid(),
    connected: () => hub.connected,
    async close() {
      if (closing) return;
      closing = true;
      clearInterval(pulse);
      clearInterval(clockSaving);
      renewal.close();
      await logs.close();
      await applying;
      // Workers first: they let go of their sandboxes, which live on without a gateway and so without a way out.
      await reconciler.close();
      await gateway.close();
      await uploader.close();
      await hub.close();
    },
  };
}
