import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSandboxCa } from "../../packages/gateway/src/index.ts";
import type { CreelInput } from "./creel.ts";
import { API_HOST, coldHost, POLICY, TCP_HOST, TCP_PORT } from "./hosts.ts";
import { CLIENT_FILE, type Load, loadOn, startLoad } from "./load.ts";
import { type Relay, startNginx, startSocat } from "./nginx.ts";
import type { PeerAnswer } from "./peers.ts";
import { type Part, type Role, startRole } from "./roles.ts";
import type { Upstream } from "./upstream.ts";

export interface Subject {
  name: string;
  load: Load;
  /** Whose processor time counts. */
  pids: number[];
  /** Where a plain connection goes. */
  tcp: { host: string; port: number };
}

export interface Stage {
  creel: Subject;
  /** The gateway with the shim that answers who connected. */
  creelWithShim: Subject;
  /** Peers that read TLS. */
  readers: Subject[];
  /** Peers that relay. */
  relays: Subject[];
  close(): Promise<void>;
}

const COLD_HOSTS = 100;

/** Starts everything once; what is measured takes turns on it. */
export async function openStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), "cb-"));
  const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const start = async <Answer>(role: Role, input: object): Promise<Part<Answer>> => {
    const part = await startRole<Answer>(role, input);
    ends.push(() => part.stop());
    return part;
  };
  const upstream = (await start<Upstream>("upstream", {})).answer;
  const sandboxed = await startCreel(folder, upstream, start);
  const readers: Subject[] = [];
  for (const [role, name] of [
    ["mockttp", "mockttp 4.6.5"],
    ["httpMitmProxy", "http-mitm-proxy 1.1.0"],
    ["floor", "node:https alone"],
  ] as const) {
    const own = join(folder, role);
    mkdirSync(own);
    const part = await start<PeerAnswer>(role, { upstreamCa: upstream.caPem, folder: own });
    const caFile = join(own, "ca.crt");
    writeFileSync(caFile, part.answer.caPem);
    const load = startLoad({ caFile, proxyPort: part.answer.port, port: upstream.port });
    ends.push(() => load.child.kill());
    readers.push({ name, load, pids: [part.pid], tcp: { host: "127.0.0.1", port: 0 } });
  }
  const caFile = join(folder, "upstream.crt");
  writeFileSync(caFile, upstream.caPem);
  const plain = startLoad({ caFile, proxyPort: null, port: upstream.port });
  ends.push(() => plain.child.kill());
  const relays: Subject[] = [];
  const relay = (made: Relay | null) => {
    if (made === null) return;
    ends.push(() => made.child.kill());
    relays.push({
      name: made.name,
      load: plain,
      pids: [made.child.pid ?? 0],
      tcp: { host: "127.0.0.1", port: made.port },
    });
  };
  relay(await startNginx(folder, upstream.tcpPort));
  relay(await startSocat(upstream.tcpPort));
  const piped = await start<{ port: number }>("pipe", { port: upstream.tcpPort });
  relays.push({
    name: "node:net, piped",
    load: plain,
    pids: [piped.pid],
    tcp: { host: "127.0.0.1", port: piped.answer.port },
  });
  return {
    ...sandboxed,
    readers,
    relays,
    async close() {
      for (const end of ends.reverse()) await end();
    },
  };
}

type Start = <Answer>(role: Role, input: object) => Promise<Part<Answer>>;

async function startCreel(folder: string, upstream: Upstream, start: Start) {
  const [runDir, stateDir] = [join(folder, "r"), join(folder, "s")];
  for (const path of [runDir, stateDir]) mkdirSync(path, { mode: 0o700 });
  const ca = await createSandboxCa({ name: "bench" });
  const client = await start<{ shimPid: number }>("sandboxedClient", {
    ...{ runDir, stateDir, caPem: ca.certificatePem },
    client: CLIENT_FILE,
  });
  const names = [API_HOST, ...Array.from({ length: COLD_HOSTS }, (_, index) => coldHost(index))];
  const input: CreelInput = {
    policy: POLICY,
    resolve: {
      ...Object.fromEntries(names.map((name) => [`${name}:443`, `127.0.0.1:${upstream.port}`])),
      [`${TCP_HOST}:${TCP_PORT}`]: `127.0.0.1:${upstream.tcpPort}`,
    },
    upstreamCa: upstream.caPem,
    journalDir: join(folder, "journal"),
    sandboxes: [{ id: "load", runDir, ca }],
  };
  const gateway = await start<object>("creel", input);
  const creel = {
    name: "creel",
    load: loadOn(client.child),
    pids: [gateway.pid],
    tcp: { host: TCP_HOST, port: TCP_PORT },
  };
  return { creel, creelWithShim: { ...creel, pids: [gateway.pid, client.answer.shimPid] } };
}
