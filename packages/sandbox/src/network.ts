import { spawn } from "node:child_process";
import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { createServer, type Server } from "node:net";
import { LaunchError } from "./errors.ts";
import { launcherPath } from "./launcher.ts";
import { IDENTITY_ANSWER, ShimClient } from "./shim-client.ts";

/** Two local processes pass two descriptors; more than this means the channel's format is not understood. */
const RELAY_TIMEOUT_MS = 10_000;

/** Who called connect(), as recorded by the kernel's notification while the caller waited. */
export interface BinaryIdentity {
  path: string;
  sha256: string;
  /** Inside the sandbox. */
  pid: number;
  hostPid: number;
  /** Executables of the parents, nearest first. */
  ancestors: string[];
  /** The script an interpreter runs, where that cannot be forged; absent: not known. */
  script?: string | null;
  /** A file from a place the agent may write whose code was mapped into the process; absent: none. */
  library?: string | null;
}

export interface ConnectionTuple {
  /** The sandbox's side: `socket.remoteAddress`, `socket.remotePort`. */
  remoteAddress: string;
  remotePort: number;
  /** The destination the program meant: `socket.localAddress`, `socket.localPort`. */
  localAddress: string;
  localPort: number;
}

export interface SandboxNetwork {
  /** Accepts from the moment a "connection" listener is added; until then connections wait in the kernel. */
  listener: Server;
  /** Receives from the moment a "message" listener is added. */
  dns: DatagramSocket;
  /** null: nobody vouched for this connection; the answer must be deny. */
  who(tuple: ConnectionTuple): Promise<BinaryIdentity | null>;
  /** Called once when the sandbox ends. */
  onGone(callback: () => void): void;
  close(): void;
}

/** Takes over the listener and the resolver socket of a running sandbox. May be called again after a restart. */
export async function attachNetwork({ runDir }: { runDir: string }): Promise<SandboxNetwork> {
  const client = await ShimClient.open(runDir);
  if (!client) throw new LaunchError({ layer: "control", message: `no sandbox runs in ${runDir}` });
  client.unref();
  let handles: Map<string, unknown>;
  try {
    handles = await receiveHandles(runDir);
  } catch (error) {
    client.close();
    throw error;
  }
  const listener = createServer({ allowHalfOpen: true, noDelay: true });
  const dns = createSocket("udp4");
  // Starting only when somebody listens: a connection accepted with no handler would be lost without a word.
  startOnFirst(listener, "connection", () => listener.listen(handles.get("listener")));
  startOnFirst(dns, "message", () => bindTo(dns, handles.get("dns")));
  return {
    listener,
    dns,
    who: (tuple) => ask(client, tuple),
    onGone: (callback) => {
      client.onClosed = callback;
    },
    close: () => {
      client.close();
      if (listener.listening) listener.close();
      else closeHandle(handles.get("listener"));
      try {
        dns.close();
      } catch {
        // it was never bound
      }
    },
  };
}

async function ask(client: ShimClient, t: ConnectionTuple): Promise<BinaryIdentity | null> {
  const strip = (address: string): string => address.replace(/^::ffff:/, "");
  const answer = await client.ask(
    "who",
    strip(t.remoteAddress),
    `${t.remotePort}`,
    strip(t.localAddress),
    `${t.localPort}`,
  );
  // A shim from before libraries were noted lives on through an upgrade of its node; it cannot vouch for a name.
  if (answer?.[0] !== IDENTITY_ANSWER) return null;
  const [, path, sha256, pid, hostPid, library, ...ancestors] = answer;
  if (!path || !sha256 || library === undefined) return null;
  const identity = { path, sha256, pid: Number(pid), hostPid: Number(hostPid), ancestors };
  return library === "" ? identity : { ...identity, library };
}

/** Spawns the relay with a Node channel; each message brings one raw handle. */
function receiveHandles(runDir: string): Promise<Map<string, unknown>> {
  return new Promise((resolve, reject) => {
    const handles = new Map<string, unknown>();
    // Descriptor 4 is where the launcher reports errors; the channel is 3.
    const child = spawn(launcherPath(), ["relay", runDir], { stdio: ["ignore", "ignore", "ignore", "ipc", "pipe"] });
    let said = "";
    const fail = (message: string): void => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      reject(new LaunchError({ layer: "relay", message }));
    };
    const timer = setTimeout(() => fail("the relay did not hand over the sockets in time"), RELAY_TIMEOUT_MS);
    child.stdio[4]?.on("data", (chunk: Buffer) => {
      said += chunk.toString("utf8");
    });
    child.on("error", (error) => fail(error.message));
    child.on("message", (message, handle) => {
      const name = nameOf(message);
      // The self-test: this Node must have made of each descriptor the kind of handle that its module needs.
      if (name && hasMethod(handle, name === "dns" ? "recvStart" : "listen")) handles.set(name, handle);
      if (handles.size === 2) {
        clearTimeout(timer);
        resolve(handles);
      }
    });
    child.on("close", () => {
      if (handles.size < 2) fail(said.replace(/[^\x20-\x7e]+/g, " ").trim() || "the relay ended early");
    });
  });
}

function nameOf(message: unknown): string | null {
  if (typeof message !== "object" || message === null || !("creel" in message)) return null;
  return typeof message.creel === "string" ? message.creel : null;
}

interface EmitsNewListener {
  on(event: "newListener", listener: (event: string | symbol) => void): unknown;
}

function startOnFirst(emitter: EmitsNewListener, event: string, start: () => void): void {
  let started = false;
  emitter.on("newListener", (added) => {
    if (added !== event || started) return;
    started = true;
    queueMicrotask(start);
  });
}

/** dgram's bind() takes a raw UDP handle, as it does in cluster workers; the types only know ports and options. */
function bindTo(socket: DatagramSocket, handle: unknown): void {
  socket.bind(handle as Parameters<DatagramSocket["bind"]>[0]);
}

function closeHandle(handle: unknown): void {
  if (hasMethod(handle, "close")) handle.close();
}

function hasMethod<Name extends string>(value: unknown, name: Name): value is Record<Name, () => unknown> {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, name) === "function";
}
