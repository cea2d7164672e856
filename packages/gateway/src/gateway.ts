import type { RemoteInfo } from "node:dgram";
import { isIP, type Socket } from "node:net";
import { INFERENCE_HOST } from "@creel/policy";
import { boundsOf } from "./bounds.ts";
import { createLeaves } from "./ca/leaves.ts";
import { onConnection } from "./connect.ts";
import { createCredentialStore } from "./credentials/store.ts";
import { createNameTable } from "./dns/fakeNames.ts";
import { createDnsPort } from "./dns/onQuery.ts";
import { createUnusedNames } from "./dns/unusedNames.ts";
import { createSandboxExceptions } from "./exceptions/ofSandbox.ts";
import { NO_USES } from "./exceptions/uses.ts";
import type { Call } from "./http/call.ts";
import { createHttpFront } from "./http/front.ts";
import { onRequest } from "./http/onRequest.ts";
import { onUpgrade } from "./http/onUpgrade.ts";
import { refuseMalformed } from "./http/rawAnswers.ts";
import { refuseBroken } from "./http2/broken.ts";
import { createHttp2Front } from "./http2/front.ts";
import { judgeConnection } from "./judgeConnection.ts";
import { NAMES_AHEAD_MAX, REFUSALS_PER_SECOND_MAX, REJUDGE_INTERVAL_MS } from "./limits.ts";
import { openNetwork } from "./openNetwork.ts";
import { createSandboxRequests } from "./own/requests.ts";
import { createProxyFront } from "./proxy/front.ts";
import { createRateGate } from "./rateGate.ts";
import { resetSocket } from "./resetSocket.ts";
import { refuse } from "./settle.ts";
import { type Context, cutFlow, type Flow, OWN_HOST, PROXY_HOST, type SandboxState } from "./state.ts";
import { createThrottle } from "./throttle.ts";
import { isThrottled } from "./throttledSocket.ts";
import { countTraffic } from "./traffic.ts";
import type { Gateway, GatewayOptions, GatewaySandbox } from "./types.ts";
import { createPools, upstreamTrust } from "./upstream/pools.ts";
import { createResolver } from "./upstream/resolve.ts";
import { createUsage } from "./usage.ts";

/** The way out of every sandbox of one host. What is not decided here does not get out. */
export function createGateway(options: GatewayOptions): Gateway {
  const now = options.now ?? Date.now;
  let trust: Context["trust"] | null = null;
  const context: Context = {
    sink: countTraffic(options.journal, (id) => states.get(id)?.traffic),
    labels: options.labels,
    now,
    resolver: createResolver({
      overrides: options.resolve ?? {},
      ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
    }),
    // Reading all of the roots takes longer than a sandbox's start, and many a run reaches no server at all.
    get trust() {
      trust ??= upstreamTrust(options.upstreamCa ?? []);
      return trust;
    },
    router: options.router ?? null,
    uses: options.exceptionUses ?? NO_USES,
    problem: options.onProblem ?? (() => {}),
  };
  const onCall = (flow: Flow, call: Call) => onRequest(context, flow, call).catch(() => call.cut());
  const http2 = createHttp2Front({
    onCall,
    onBroken: (flow, problem) => refuseBroken(context, flow, problem),
  });
  const front = createHttpFront(
    {
      onCall,
      onUpgrade: (flow, head, socket, rest) => {
        onUpgrade(context, flow, head, socket, rest).catch(() => resetSocket(flow.socket));
      },
      onMalformed: (flow, socket, problem) => {
        refuseMalformed(context, flow, socket, problem).catch(() => resetSocket(flow.socket));
      },
    },
    http2,
  );
  const proxy = createProxyFront(context, front);
  const states = new Map<string, SandboxState>();
  // Rules expire and monitor mode ends by the clock alone.
  const rejudging = setInterval(() => {
    for (const state of states.values()) judgeFlows(context, state);
  }, REJUDGE_INTERVAL_MS);
  rejudging.unref();

  async function add(sandbox: GatewaySandbox): Promise<void> {
    if (states.has(sandbox.id)) throw new Error(`Sandbox ${sandbox.id} is served already; remove it first.`);
    const network = await openNetwork(sandbox.network);
    const { policy, policyDigest, generation } = sandbox;
    const exceptions = createSandboxExceptions({
      uses: context.uses,
      now,
      onEnd: () => judgeFlows(context, state),
      problem: context.problem,
    });
    exceptions.replace(sandbox.exceptions ?? []);
    const state: SandboxState = {
      id: sandbox.id,
      name: sandbox.name,
      network,
      names: createNameTable(),
      unusedNames: createUnusedNames((name, recordType) => refuseLookup(context, state, name, recordType)),
      leaves: createLeaves({ ca: sandbox.ca, now }),
      pools: createPools(),
      flows: new Set(),
      refusals: createRateGate(REFUSALS_PER_SECOND_MAX),
      refusing: new Set(),
      usage: createUsage(),
      traffic: { count: 0, open: 0 },
      inForce: { policy: exceptions.beside(policy), policyDigest, generation },
      policy,
      exceptions,
      requests: createSandboxRequests({ sandboxId: sandbox.id, onAsk: options.onAgentRequest ?? null, now }),
      credentials: createCredentialStore(sandbox.credentials ?? []),
      throttle: createThrottle(),
      bounds: boundsOf(policy, sandbox.bounds ?? {}),
      given: sandbox.bounds ?? {},
      pendingHandshakes: 0,
      handshakesWaiting: new Set(),
      arriving: 0,
      overflowRefusals: 0,
      streams: 0,
      closed: false,
    };
    state.throttle.setRate(state.bounds.bytesPerSecond);
    nameKnownHosts(state);
    states.set(sandbox.id, state);
    const onQuery = createDnsPort(context, state);
    network.dns.on("message", (bytes: Buffer, from: RemoteInfo) => onQuery(bytes, from));
    network.dns.on("error", (error) => context.problem(`Sandbox ${state.name}: DNS socket: ${error.message}`));
    network.listener.on("connection", (socket: Socket) => {
      onConnection(context, state, { http: front, proxy }, socket).catch(() => resetSocket(socket));
    });
    network.listener.on("error", (error) => context.problem(`Sandbox ${state.name}: listener: ${error.message}`));
  }

  async function remove(id: string): Promise<void> {
    const state = states.get(id);
    if (state === undefined) return;
    states.delete(id);
    state.closed = true;
    for (const flow of [...state.flows]) cutFlow(flow, "the sandbox is gone");
    state.pools.retire();
    state.credentials.close();
    state.exceptions.close();
    state.requests.close();
    state.throttle.close();
    await state.network.close();
    state.refusals.open();
    await Promise.all([state.unusedNames.flush(), ...state.refusing]);
  }

  return {
    add,
    setPolicy(id, next) {
      const state = states.get(id);
      if (state === undefined) throw new Error(`Sandbox ${id} is not served by this gateway.`);
      const { policy, policyDigest, generation, credentials, bounds, exceptions } = next;
      // A plan that changes other sandboxes names a new generation here and nothing else; no flow is cut for that.
      const same =
        policy === state.policy && credentials === undefined && bounds === undefined && exceptions === undefined;
      if (exceptions !== undefined) state.exceptions.replace(exceptions);
      state.policy = policy;
      state.inForce = {
        policy: same ? state.inForce.policy : state.exceptions.beside(policy),
        policyDigest,
        generation,
      };
      if (same) return;
      if (credentials !== undefined) state.credentials.replace(credentials);
      if (bounds !== undefined) state.given = bounds;
      applyBounds(state);
      nameKnownHosts(state);
      state.pools.retire();
      judgeFlows(context, state);
    },
    remove,
    answerAgents(answers) {
      for (const state of states.values()) state.requests.answered(answers);
    },
    sandboxes: () => [...states.keys()],
    traffic(id) {
      const traffic = states.get(id)?.traffic;
      return traffic === undefined ? null : { ...traffic };
    },
    async close() {
      clearInterval(rejudging);
      await Promise.all([...states.keys()].map(remove));
      await context.sink.close();
    },
  };
}

/** Bounds that changed hold for what is open, too. */
function applyBounds(state: SandboxState): void {
  state.bounds = boundsOf(state.inForce.policy, state.given);
  const { bytesPerSecond, connections } = state.bounds;
  state.throttle.setRate(bytesPerSecond);
  const open = [...state.flows];
  // A connection of a time without such a bound knows no throttle; of too many the latest go.
  const unthrottled = bytesPerSecond === null ? [] : open.filter(({ socket }) => !isThrottled(socket));
  for (const flow of [...unthrottled, ...open.slice(connections)]) cutFlow(flow, "the policy changed");
}

/** Gives exact names their addresses ahead, so that a program that remembers one across a restart of the gateway is still understood. */
function nameKnownHosts(state: SandboxState): void {
  const hosts = [INFERENCE_HOST, OWN_HOST, PROXY_HOST, ...[...state.inForce.policy.exactHosts].sort()];
  for (const host of hosts.slice(0, NAMES_AHEAD_MAX)) if (isIP(host) === 0) state.names.named.addressOf(host);
}

/** A name that no rule names was looked up, and nobody connected to it: who asked is not known. */
function refuseLookup(context: Context, state: SandboxState, host: string, recordType: string) {
  const what = { kind: "dns" as const, identity: null, host, port: 0, protocol: "dns", method: recordType, path: null };
  return refuse(context, state, what, `No rule names ${host}; it was looked up here and never connected to.`);
}

/** Judges what is open by the policy in force and cuts what it no longer allows. */
function judgeFlows(context: Context, state: SandboxState): void {
  const { policy } = state.inForce;
  for (const flow of [...state.flows]) {
    if (flow.refusal !== null) continue;
    // A stream of HTTP/2 ends alone; every other exchange takes its connection with it.
    for (const exchange of [...flow.exchanges]) if (!exchange.stillAllowed(policy)) exchange.cut("the policy changed");
    const verdict = judgeConnection(policy, flow, context.now());
    if (verdict.decision === "deny" && !verdict.addressPending) cutFlow(flow, "the policy changed");
  }
}
