import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createSecureContext } from "node:tls";
import { compilePolicy, parsePolicy, policyDigest } from "@creel/policy";
import type { BinaryIdentity, DecisionRecord } from "@creel/protocol";
import { createLeaves } from "../../src/ca/leaves.ts";
import {
  createGateway,
  createRecordSink,
  createSandboxCa,
  type DecisionSink,
  type Gateway,
  type GatewayOptions,
  type PolicyInForce,
  type SandboxCa,
  type SandboxNetwork,
} from "../../src/index.ts";

/** A test's stand-in for the kernel side: doors on loopback that claim to be another destination. */
export const CURL: BinaryIdentity = {
  path: "/usr/bin/curl",
  sha256: "a".repeat(64),
  pid: 7,
  ancestors: ["/usr/bin/bash"],
};

export function inForce(yaml: string, generation = 1): PolicyInForce {
  const { policy, problems } = parsePolicy(yaml);
  const errors = problems.filter((problem) => problem.severity === "error");
  if (policy === null || errors.length > 0) throw new Error(JSON.stringify(errors));
  return { policy: compilePolicy(policy), policyDigest: policyDigest(policy), generation };
}

export interface World {
  gateway: Gateway;
  records: DecisionRecord[];
  ca: SandboxCa;
  /** A local port that is the destination `(host, port)` for whoever connects. */
  door(host: string, port: number): Promise<number>;
  /** Asks the DNS port of the sandbox. */
  dnsPort: number;
  addressOf(name: string): Promise<string | null>;
  identity: { current: BinaryIdentity | null };
  set(yaml: string, extra?: Partial<Parameters<Gateway["setPolicy"]>[1]>): void;
  close(): Promise<void>;
}

export interface WorldOptions extends Partial<GatewayOptions> {
  yaml: string;
  credentials?: Parameters<Gateway["add"]>[0]["credentials"];
  journal?: DecisionSink;
  /** The kernel's word on who connected, where it has to come later. */
  who?: SandboxNetwork["who"];
}

export async function createWorld({ yaml, credentials, who, ...options }: WorldOptions): Promise<World> {
  const records: DecisionRecord[] = [];
  const journal = options.journal ?? createRecordSink({ onRecord: (record) => void records.push(record) });
  const gateway = createGateway({ labels: { org: "acme", node: "node-1" }, ...options, journal });
  const listener = createServer();
  const dns: DatagramSocket = createSocket("udp4");
  dns.bind(0, "127.0.0.1");
  await once(dns, "listening");
  const identity: World["identity"] = { current: CURL };
  const network: SandboxNetwork = {
    listener,
    dns,
    who: who ?? (async () => identity.current),
    close: () => {
      dns.close();
    },
  };
  const ca = await createSandboxCa({ name: "test" });
  await gateway.add({ id: "box", name: "box", ca, network, ...inForce(yaml), ...(credentials ? { credentials } : {}) });
  const doors: Server[] = [];
  let generation = 1;

  async function addressOf(name: string): Promise<string | null> {
    const { decode, encode } = await import("dns-packet");
    const asker = createSocket("udp4");
    asker.send(
      encode({ type: "query", id: 9, questions: [{ type: "A", class: "IN", name }] }),
      dns.address().port,
      "127.0.0.1",
    );
    const [reply] = await once(asker, "message");
    asker.close();
    return decode(reply).answers?.[0]?.data ?? null;
  }

  return {
    gateway,
    records,
    ca,
    identity,
    dnsPort: dns.address().port,
    addressOf,
    async door(host, port) {
      const address = /^[0-9.]+$|:/.test(host) ? host : ((await addressOf(host)) ?? "198.19.255.254");
      // As a sandbox's own listener is: a client that has said its last word still listens.
      const door = createServer({ allowHalfOpen: true }, (socket: Socket) => {
        Object.defineProperty(socket, "localAddress", { value: address });
        Object.defineProperty(socket, "localPort", { value: port });
        listener.emit("connection", socket);
      });
      door.listen(0, "127.0.0.1");
      await once(door, "listening");
      doors.push(door);
      return portOf(door);
    },
    set(next, extra = {}) {
      generation += 1;
      gateway.setPolicy("box", { ...inForce(next, generation), ...extra });
    },
    async close() {
      for (const door of doors) door.close();
      await gateway.close();
    },
  };
}

export const portOf = (server: { address(): AddressInfo | string | null }): number => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  return address.port;
};

export interface Upstream {
  port: number;
  caPem: string;
  server: ReturnType<typeof createHttpServer> | ReturnType<typeof createHttpsServer>;
  close(): Promise<void>;
}

/** A real HTTPS (or HTTP) server on loopback, its certificate made by its own authority for `host`. */
export async function createUpstream(
  host: string,
  handler: RequestListener,
  { secure = true } = {},
): Promise<Upstream> {
  const ca = await createSandboxCa({ name: "upstream" });
  const leaves = createLeaves({ ca, now: Date.now });
  const context = await leaves.contextFor(host);
  const server = secure
    ? createHttpsServer({ SNICallback: (_name, done) => done(null, context) }, handler)
    : createHttpServer(handler);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: portOf(server),
    server,
    caPem: ca.certificatePem,
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

export { createSecureContext };
