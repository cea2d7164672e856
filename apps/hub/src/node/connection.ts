/**
 * One node's socket. Threat: a node taken over by its agents sends what hurts the hub or another node. Invariant: nothing is acted
 * on before `hello`; every message parses or ends the connection; every verb runs as this node's actor, so the database refuses what
 * belongs to others; messages are handled one after the other and the socket is not read while they pile up.
 */
import { agentRequest, CreelError, type Ctx, command, type NodeActor, node, plan, secret } from "@creel/core";
import {
  closeCodes,
  type DesiredState,
  HEARTBEAT_INTERVAL_MS,
  HEARTBEAT_TIMEOUT_MS,
  type HubMessage,
  type NodeMessage,
  PROTOCOL_VERSION,
  WS_FRAME_BYTES_MAX,
} from "@creel/protocol";
import type { Logger } from "pino";
import WebSocket from "ws";
import { COMMANDS_PER_WAKE_MAX, HELLO_MS_MAX, QUEUED_MESSAGES_MAX, SEND_BUFFERED_BYTES_MAX } from "../limits.ts";
import type { Metrics } from "../metrics.ts";
import { createAwaited } from "./awaited.ts";
import { coalesced } from "./coalesced.ts";
import { handleMessage } from "./handlers.ts";
import { parseNodeMessage, protocolOf } from "./parse.ts";

export interface Connection {
  readonly actor: NodeActor;
  /** Sends the newest plan when the node does not have it yet. */
  syncDesired(): Promise<void>;
  /** Sends the commands that wait for this node. */
  sendCommands(): Promise<void>;
  /** Tells the node at once what became of its agents' requests, after the plan that means it. */
  sendAnswers(): Promise<void>;
  /** Ends the connection when the certificate no longer counts. */
  recheck(): Promise<void>;
  replaced(): void;
  /** Finishes what was taken, then closes. */
  goAway(): Promise<void>;
}

export interface ConnectionOptions {
  socket: WebSocket;
  actor: NodeActor;
  ctx: Ctx;
  /** Asks the database again whether this connection's certificate counts. */
  stillTrusted: () => Promise<boolean>;
  log: Logger;
  metrics: Metrics;
  onReady: (connection: Connection) => void;
  /** True when this was the node's current connection. */
  onClosed: (connection: Connection) => boolean;
}

type Hello = Extract<NodeMessage, { type: "hello" }>;

export function openConnection(options: ConnectionOptions): Connection {
  const { socket, actor, ctx, log, metrics } = options;
  const queue: NodeMessage[] = [];
  let state: "hello" | "ready" | "closing" = "hello";
  let working: Promise<void> | null = null;
  let lastHeardMs = performance.now();
  /** The newest generation the node is known to have or was sent over this socket. */
  let generation = 0;
  /** What the node's credentials are sealed to. From its own hello and from no database: whoever writes there cannot change it. */
  let sealTo: string | null = null;
  const awaited = createAwaited();

  const close = (code: number, reason: string) => {
    if (state !== "closing") log.info({ code, reason }, "closing the node's connection");
    state = "closing";
    queue.length = 0;
    socket.resume();
    socket.close(code, reason);
  };
  const send = (message: HubMessage): boolean => {
    if (state === "closing" || socket.readyState !== WebSocket.OPEN) return false;
    const text = JSON.stringify(message);
    if (socket.bufferedAmount + text.length > SEND_BUFFERED_BYTES_MAX) {
      log.warn("the node does not read; cutting it off");
      socket.terminate();
      return false;
    }
    socket.send(text);
    metrics.count("creel_hub_messages_sent_total", { type: message.type });
    return true;
  };

  /** With the values of its credentials. A plan goes out in any case: one that ends a sandbox must not wait for a secret. */
  const withValues = async (desired: DesiredState): Promise<DesiredState> => {
    if (sealTo === null || !desired.sandboxes.some(({ credentials }) => credentials !== undefined)) return desired;
    try {
      const told = await secret.sealPlan({ ctx, input: { planId: desired.planId, sealTo } });
      if (told.unreadable.length > 0)
        log.error({ secrets: told.unreadable }, "secrets could not be opened; is their master key in the key file?");
      return told.desired;
    } catch (error) {
      log.error({ err: error }, "the plan's secrets could not be sealed; it is sent without them");
      return desired;
    }
  };
  const offer = async (planned: DesiredState | null, how: { again: boolean }): Promise<void> => {
    if (!planned || planned.generation < generation || (planned.generation === generation && !how.again)) return;
    const desired = await withValues(planned);
    // A newer one may have gone out while this one's values were fetched.
    if (desired.generation < generation) return;
    if (Buffer.byteLength(JSON.stringify(desired)) > WS_FRAME_BYTES_MAX - 1024) {
      const reason = `The desired state is larger than ${WS_FRAME_BYTES_MAX} bytes; move sandboxes to another node.`;
      const { planId } = desired;
      await plan.recordResult({ ctx, input: { planId, generation: desired.generation, ok: false, reason } });
      generation = desired.generation;
      return;
    }
    if (!send({ type: "desired", state: desired })) return;
    generation = desired.generation;
    await plan.markSent({ ctx, input: { planId: desired.planId } });
  };
  const syncDesired = coalesced(async () => {
    if (state !== "ready") return;
    await offer(await plan.desiredFor({ ctx, input: { nodeId: actor.nodeId } }), { again: false });
  });
  const sendCommands = coalesced(async () => {
    for (let sent = 0; sent < COMMANDS_PER_WAKE_MAX && state === "ready"; sent++) {
      const next = await command.next({ ctx, input: {} });
      if (!next) return;
      send({ type: "exec", commandId: next.commandId, request: next.request });
    }
  });

  const sendAnswers = coalesced(async () => {
    const requestIds = awaited.ids();
    if (state !== "ready" || requestIds.length === 0) return;
    const found = await agentRequest.look({ ctx, input: { requestIds } });
    const answers = found.answers.filter((each) => awaited.isNews(each));
    if (answers.length === 0) return;
    await syncDesired();
    if (send({ type: "agent_answers", answers })) awaited.told(answers);
  });

  const greet = async (hello: Hello): Promise<void> => {
    const { agentVersion, capabilities, model } = hello;
    const input = { agentVersion, capabilities, model, generation: hello.generation };
    const known = await node.hello({ ctx, input });
    if (state !== "hello") return;
    clearTimeout(helloTimer);
    state = "ready";
    generation = hello.generation;
    sealTo = hello.sealingKey ?? null;
    const { nodeId, nodeName, orgSlug } = known;
    send({ type: "welcome", protocol: PROTOCOL_VERSION, nodeId, nodeName, orgSlug });
    options.onReady(connection);
    log.info({ generation, agentVersion }, "node connected");
    // Also the generation the node holds, when nobody heard what became of it.
    await offer(known.desired, { again: true });
    await sendCommands();
  };

  const take = async (message: NodeMessage): Promise<void> => {
    metrics.count("creel_hub_messages_received_total", { type: message.type });
    if (state === "hello") {
      if (message.type !== "hello") return close(closeCodes.helloMissing, "hello expected first");
      if (message.protocol !== PROTOCOL_VERSION)
        return close(closeCodes.protocolUnknown, `protocol ${PROTOCOL_VERSION} expected`);
      return await greet(message);
    }
    await handleMessage({ ctx, log, metrics, send, awaited }, message);
    // Answered between the look and the note that it is waited for: nobody tells it again.
    if (message.type === "agent_requests") await sendAnswers();
  };
  const failed = (error: unknown, type: string): void => {
    const code = error instanceof CreelError ? error.code : "internal";
    metrics.count("creel_hub_messages_failed_total", { type, code });
    if (code === "unauthenticated" || code === "forbidden") {
      close(closeCodes.revoked, "not trusted any more");
      return;
    }
    log.error({ type, code, err: error }, "a node's message could not be handled");
    // 1011 makes the node come back and send again whatever was not acknowledged.
    close(1011, "try again");
  };
  const work = async (): Promise<void> => {
    for (let message = queue.shift(); message; message = queue.shift()) {
      if (queue.length < QUEUED_MESSAGES_MAX / 2) socket.resume();
      try {
        await take(message);
      } catch (error) {
        failed(error, message.type);
      }
    }
    working = null;
  };

  socket.on("message", (data, isBinary) => {
    lastHeardMs = performance.now();
    if (state === "closing") return;
    const text = isBinary ? "" : String(data);
    const message = parseNodeMessage(text);
    if (!message) {
      metrics.count("creel_hub_messages_invalid_total");
      const newer = state === "hello" && protocolOf(text) > PROTOCOL_VERSION;
      if (newer) return close(closeCodes.protocolUnknown, `protocol ${PROTOCOL_VERSION} expected`);
      log.warn({ bytes: text.length, isBinary }, "a node's message does not parse");
      return close(1008, "message not understood");
    }
    queue.push(message);
    if (queue.length >= QUEUED_MESSAGES_MAX) socket.pause();
    working ??= work();
  });
  socket.on("pong", () => {
    lastHeardMs = performance.now();
  });
  // `ws` closes by itself on a broken or oversized frame; the error is only the reason.
  socket.on("error", (error) => log.warn({ reason: error.message }, "the node's socket failed"));
  socket.on("close", (code) => {
    clearTimeout(helloTimer);
    clearInterval(pulse);
    const greeted = state !== "hello";
    state = "closing";
    queue.length = 0;
    if (!options.onClosed(connection) || !greeted) return;
    log.info({ code }, "node disconnected");
    node
      .disconnected({ ctx, input: {} })
      .catch((error: unknown) => log.warn({ err: error }, "disconnect not recorded"));
  });
  const helloTimer = setTimeout(() => close(closeCodes.helloMissing, "no hello in time"), HELLO_MS_MAX);
  const pulse = setInterval(() => {
    // While messages wait for the database the socket is not read, so its silence says nothing.
    if (!working && performance.now() - lastHeardMs > HEARTBEAT_TIMEOUT_MS) return socket.terminate();
    socket.ping();
  }, HEARTBEAT_INTERVAL_MS);

  const connection: Connection = {
    actor,
    syncDesired,
    sendCommands,
    sendAnswers,
    recheck: coalesced(async () => {
      if (state !== "closing" && !(await options.stillTrusted())) close(closeCodes.revoked, "not trusted any more");
    }),
    replaced: () => close(closeCodes.replaced, "another connection of this node took over"),
    async goAway() {
      socket.pause();
      await working;
      close(1001, "the hub goes away");
    },
  };
  return connection;
}
