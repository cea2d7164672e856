import type { Socket as DatagramSocket } from "node:dgram";
import type { Server } from "node:net";
import type { CompiledPolicy, EgressException } from "@creel/policy";
import type { AgentRequest, AgentRequestAnswer, BinaryIdentity } from "@creel/protocol";
import type { InferenceRequest, InferenceResponse } from "@creel/router";
import type { GivenBounds } from "./bounds.ts";
import type { SandboxCa } from "./ca/createCa.ts";
import type { SandboxCredential } from "./credentials/credential.ts";
import type { ExceptionUses } from "./exceptions/uses.ts";
import type { DecisionSink } from "./journal/sink.ts";
import type { Traffic } from "./traffic.ts";
import type { Lookup } from "./upstream/resolve.ts";

/** The four numbers of an accepted connection; `local` is where the sandboxed program wanted to go. */
export interface ConnectionTuple {
  localAddress: string;
  localPort: number;
  remoteAddress: string;
  remotePort: number;
}

/** The network of one sandbox, as handed out by its shim. */
export interface SandboxNetwork {
  listener: Server;
  dns: DatagramSocket;
  /** Who opened this connection, as the kernel said at `connect()`; null when nobody vouched for it. */
  who(tuple: ConnectionTuple): Promise<BinaryIdentity | null> | BinaryIdentity | null;
  close(): void | Promise<void>;
}

/** What is in force for one sandbox at one moment; replaced whole, never changed. */
export interface PolicyInForce {
  policy: CompiledPolicy;
  policyDigest: string;
  generation: number;
}

export interface GatewaySandbox extends PolicyInForce {
  /** Goes into every record as `sandbox`. */
  id: string;
  name: string;
  ca: SandboxCa;
  /** Where the shim's sockets lie; or the network itself. */
  network: { runDir: string } | SandboxNetwork;
  /** Secrets that it may use; where, the policy says. */
  credentials?: readonly SandboxCredential[];
  /** What it may use of the network at most; the policy's `sandbox.limits` tighten it. */
  bounds?: GivenBounds;
  /** What is allowed for a while beside the policy, by the gateway's time. */
  exceptions?: readonly EgressException[];
}

/** The part of the inference router that the gateway needs. */
export interface InferenceHandler {
  handle(request: InferenceRequest): Promise<InferenceResponse>;
}

export interface GatewayOptions {
  journal: DecisionSink;
  labels: { org: string; node: string };
  now?: () => number;
  /**
   * Operator settings, `{"host:port": "address[:port]"}`: this host and port is dialled there and nowhere else, and the address
   * is not refused for being private. Policy still decides whether it may be reached at all.
   */
  resolve?: Readonly<Record<string, string>>;
  /** PEM certificates trusted for upstream TLS beside Node's own roots. */
  upstreamCa?: readonly string[];
  /** Answers `inference.local`; without one it says that no model is configured. */
  router?: InferenceHandler;
  /** Keeps which exceptions for once were used; without it none can be. */
  exceptionUses?: ExceptionUses;
  /** How names are looked up; the system's resolver when omitted. */
  lookup?: Lookup;
  /** An agent asks people for something at `creel.local`; without it nobody can be asked. */
  onAgentRequest?: (request: AgentRequest) => void;
  /** Something an operator should know: the journal fails, a sandbox's shim is gone. */
  onProblem?: (problem: string) => void;
}

export interface Gateway {
  /** Begins to serve a sandbox. From here on its connections are answered. */
  add(sandbox: GatewaySandbox): Promise<void>;
  /** In force for the next decision; open flows are judged again before this returns, and cut when no longer allowed. */
  setPolicy(id: string, next: PolicyInForce & Pick<GatewaySandbox, "credentials" | "bounds" | "exceptions">): void;
  /** Cuts everything of the sandbox and lets go of its sockets. */
  remove(id: string): Promise<void>;
  /** A sandbox's signs of life on the network; null when it is not served. */
  traffic(id: string): Traffic | null;
  /** What people answered to what agents asked for. */
  answerAgents(answers: readonly AgentRequestAnswer[]): void;
  /** Ids of the sandboxes served now. */
  sandboxes(): string[];
  /** Cuts everything; then closes the journal. */
  close(): Promise<void>;
}
