import { connect, isIP, type Socket } from "node:net";
import { type CompiledPolicy, decide, type PolicyDecision } from "@creel/policy";
import { CREDENTIALS_RULE } from "./credentials/ofRequest.ts";
import { uninspectedProblem } from "./credentials/uninspected.ts";
import { asRequest, judgeConnection } from "./judgeConnection.ts";
import { CONNECT_TIMEOUT_MS, FLOW_IDLE_TIMEOUT_MS } from "./limits.ts";
import { relay } from "./relay.ts";
import { resetSocket } from "./resetSocket.ts";
import { serverNameGate } from "./serverNameGate.ts";
import { refuse, type Settled, settle } from "./settle.ts";
import type { Context, Exchange, Flow } from "./state.ts";
import { readStraight } from "./straight.ts";
import { pinnedLookup } from "./upstream/pools.ts";
import { judgeDialled, keepAllowed, type Target } from "./upstream/resolve.ts";
import { requestTaker, withinLimits } from "./withinLimits.ts";

/**
 * A connection that policy lets through unread (no protocol, `protocol: tcp`, `tls: skip`). Nothing is injected. Invariant: the
 * address was judged, and where the client opens with TLS, the name it asks for is the name that was judged.
 */
export async function relayRaw(context: Context, flow: Flow): Promise<void> {
  const subject = {
    kind: "connect" as const,
    identity: flow.identity,
    host: flow.host,
    port: flow.port,
    protocol: "tcp",
    method: null,
    path: null,
  };
  const resolved = await context.resolver.resolve(flow);
  // What is dialled, once that is known.
  let dialled: Target | null = null;
  const judge = (policy: CompiledPolicy): PolicyDecision => {
    // A reload may have put this endpoint under inspection; then an unread connection is no longer right.
    const connection = judgeConnection(policy, flow, context.now());
    if (connection.handling !== "raw") {
      return {
        decision: "deny",
        rule: connection.rule,
        reason: "The policy now reads this connection; connect again.",
      };
    }
    const uninspected = uninspectedProblem(context, flow, policy);
    if (uninspected !== null) return { decision: "deny", rule: CREDENTIALS_RULE, reason: uninspected };
    if ("failed" in resolved) return decide(policy, asRequest(flow), context.now());
    const request = asRequest(flow);
    const withIp = (ip?: string) => decide(policy, ip === undefined ? request : { ...request, ip }, context.now());
    const decision =
      dialled === null
        ? keepAllowed(resolved.target, flow.host, withIp).decision
        : judgeDialled(dialled, flow.host, withIp);
    return decision.decision === "allow" ? withinLimits(context, flow, policy, decision, "bytesProblem") : decision;
  };
  const take = requestTaker(context, flow);
  const settled = await settle(context, flow.state, subject, (policy) => take(policy, judge(policy)), [flow.held]);
  if (settled.decision === "deny" || settled.seq === null) return resetSocket(flow.socket);
  if ("failed" in resolved) {
    context.sink.end(settled.seq, { bytesIn: 0, bytesOut: 0, durationMs: 0, failure: resolved.failed });
    return resetSocket(flow.socket);
  }
  const { addresses } = keepAllowed(resolved.target, flow.host, (ip) =>
    decide(settled.inForce.policy, ip === undefined ? asRequest(flow) : { ...asRequest(flow), ip }, context.now()),
  );
  dialled = { ...resolved.target, addresses };
  open({ context, flow, judge, settled, seq: settled.seq, target: dialled, subject });
}

interface Opening {
  context: Context;
  flow: Flow;
  judge: (policy: CompiledPolicy) => PolicyDecision;
  settled: Settled;
  seq: number;
  target: Target;
  subject: Parameters<typeof settle>[2];
}

function open({ context, flow, judge, settled, seq, target, subject }: Opening): void {
  const { socket } = flow;
  const startedAt = context.now();
  const bytes = { in: 0, out: 0 };
  const count = (direction: "in" | "out", length: number) => {
    bytes[direction] += length;
    flow.state.usage.addBytes(settled.rule, length);
  };
  const { gate, hear } = serverNameGate(flow.host);
  const named = isIP(flow.host) === 0;
  const upstream: Socket = connect({
    host: named ? flow.host : (target.addresses[0] ?? flow.host),
    port: target.port,
    lookup: pinnedLookup(target.addresses),
    allowHalfOpen: true,
    noDelay: true,
    onread: readStraight({
      sandbox: socket,
      upstream: () => upstream,
      onChunk: (chunk) => {
        hear(chunk);
        count("in", chunk.length);
      },
    }),
  });
  const exchange: Exchange = {
    stillAllowed: (policy) => judge(policy).decision !== "deny",
    cut: () => {
      resetSocket(upstream);
      resetSocket(socket);
      finish();
    },
  };
  let ended = false;
  let failed: string | null = null;
  function finish(): void {
    if (ended) return;
    ended = true;
    flow.exchanges.delete(exchange);
    const totals = { bytesIn: bytes.in, bytesOut: bytes.out, durationMs: context.now() - startedAt };
    context.sink.end(seq, failed === null ? totals : { ...totals, failure: failed });
  }
  flow.exchanges.add(exchange);
  const cut = () => exchange.cut("ended");
  const overtaken = flow.state.inForce !== settled.inForce && !exchange.stillAllowed(flow.state.inForce.policy);
  if (overtaken || socket.destroyed) {
    cut();
    return;
  }

  let connected = false;
  const dialling = setTimeout(() => {
    failed = "ETIMEDOUT";
    cut();
  }, CONNECT_TIMEOUT_MS);
  upstream.once("error", (error: Error & { code?: string }) => {
    if (!connected) failed = error.code ?? error.message;
  });
  upstream.once("connect", () => {
    connected = true;
    clearTimeout(dialling);
    for (const side of [socket, upstream]) side.setTimeout(FLOW_IDLE_TIMEOUT_MS, cut);
  });
  relay({
    sandbox: socket,
    upstream,
    gate,
    onBytes: count,
    onEnd: (clean, error) => {
      clearTimeout(dialling);
      if (clean) return finish();
      cut();
      if (error !== null && !("code" in error))
        void refuse(context, flow.state, subject, error.message, { rule: settled.rule });
    },
  });
}
