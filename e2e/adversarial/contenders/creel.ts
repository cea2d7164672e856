import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  createGateway,
  createRecordSink,
  createSandboxCa,
  fixedSource,
  type Gateway,
  type SandboxCredential,
} from "@creel/gateway";
import { compilePolicy, parsePolicy, policyDigest } from "@creel/policy";
import type { DecisionRecord } from "@creel/protocol";
import {
  attachControl,
  launchSandbox,
  readExit,
  SANDBOX_WORK,
  type SandboxControl,
  type SandboxSpec,
} from "@creel/sandbox";
import { newKnock } from "../hearing.ts";
import type { Case, Contender, Feature, Seen } from "../model.ts";
import { HOSTS, policyText, RAW_PORT, SETTLING_HOST, TOOLS } from "../policy.ts";
import { commandOf, type Stage } from "../stage.ts";

const CA_FILE = "/etc/creel/ca.crt";
/** For one short program that connects; a loaded machine. */
const SETTLE_MS = 30_000;
const OUTPUT_BYTES_MAX = 512 * 1024;
const PROMISES: Feature[] = ["egress", "rules", "identity", "credentials", "limits", "profiles", "journal", "door"];
/** The credentials of the policy under attack; real values are made anew for each run. */
export const PLACEHOLDERS = {
  token: "creel-placeholder-TOKEN-0123456789abcdef",
  key: "creel-placeholder-KEY-fedcba9876543210",
  awsId: "creel-placeholder-AWS_ACCESS_KEY_ID-01",
  awsSecret: "creel-placeholder-AWS_SECRET_ACCESS_KEY-01",
};

/** The name of the AWS key, which every signed request tells; its secret is made anew for each run. */
const AWS_ID = "AKIACREELADVERSARIAL";

/** What a name leads to for `moving.creel.example`; a case sets it before it attacks. */
export const moving: { addresses: string[] } = { addresses: [] };

export interface Sandbox {
  runDir: string;
  stateDir: string;
  work: string;
  shimPid: number;
  agentPid: number;
  control: SandboxControl;
  run(test: Case): Promise<Pick<Seen, "code" | "out">>;
  end(): Promise<void>;
}

let opened = 0;

/** A sandbox as the fleet makes it, with the workspace, the tools and whatever the case asks for. */
export async function openSandbox(stage: Stage, overrides: Partial<SandboxSpec> = {}, caPem = ""): Promise<Sandbox> {
  opened += 1;
  const folder = join(stage.base, `c${opened}`);
  const [runDir, stateDir] = [join(folder, "r"), join(folder, "s")];
  for (const path of [folder, runDir, stateDir]) mkdirSync(path, { mode: 0o700 });
  const work = stage.workspace(`creel-${opened}`);
  const spec: SandboxSpec = {
    id: `adversarial-${process.pid}-${opened}`,
    command: ["sleep", "1000000"],
    ...overrides,
    runDir,
    stateDir,
    files: [{ path: CA_FILE, content: caPem }, ...(overrides.files ?? [])],
    mounts: [
      ...(overrides.mounts ?? [{ source: work, target: SANDBOX_WORK, mode: "rw" }]),
      { source: stage.tools, target: TOOLS, mode: "ro" },
    ],
  };
  const { shimPid, agentPid } = await launchSandbox(spec);
  const control = await attachControl({ runDir });
  return {
    ...{ runDir, stateDir, work, shimPid, agentPid, control },
    async run(test) {
      const result = await control.exec({
        command: commandOf(test, TOOLS),
        env: {
          ...stage.environment({ work: SANDBOX_WORK, tools: TOOLS }),
          NODE_EXTRA_CA_CERTS: CA_FILE,
          TOKEN: PLACEHOLDERS.token,
          KEY: PLACEHOLDERS.key,
          AWS_ACCESS_KEY_ID: PLACEHOLDERS.awsId,
          AWS_SECRET_ACCESS_KEY: PLACEHOLDERS.awsSecret,
          RUN_DIR: runDir,
          STATE_DIR: stateDir,
          SHIM_PID: String(shimPid),
          AGENT_PID: String(agentPid),
        },
        timeoutMs: test.timeoutMs,
        outputBytesMax: OUTPUT_BYTES_MAX,
      });
      return { code: result.exitCode, out: `${result.stdout}${result.stderr}${result.error ?? ""}` };
    },
    async end() {
      await control.stop({ graceMs: 0 });
      control.close();
    },
  };
}

/** Runs the case in a sandbox of its own, then lets the host say how the sandbox fares: `[host] running` or `[host] ended CAUSE`. */
export const own =
  (overrides: Partial<SandboxSpec> | ((stage: Stage) => Partial<SandboxSpec>)) =>
  async (stage: Stage, test: Case): Promise<Pick<Seen, "code" | "out">> => {
    const sandbox = await openSandbox(stage, typeof overrides === "function" ? overrides(stage) : overrides);
    try {
      const { code, out } = await sandbox.run(test);
      return { code, out: `${out}\n[host] ${await fate(sandbox)}\n` };
    } finally {
      await sandbox.end();
    }
  };

/** Half a minute: only a record that never comes takes so long. */
const RECORD_POLL_MS = 20;
const RECORD_TRIES = 1_500;

/** How a sandbox ended, or that it runs. One that just died is given the moment that its record takes. */
export async function fate(sandbox: Sandbox): Promise<string> {
  if ((await sandbox.control.status().catch(() => null)) !== null) return "running";
  for (let tries = 0; tries < RECORD_TRIES; tries += 1) {
    const exit = await readExit(sandbox.stateDir);
    if (exit !== null) return `ended ${exit.cause ?? exit.reason}`;
    await delay(RECORD_POLL_MS);
  }
  return "ended without a record";
}

/** With the lines of a `sandbox:` section where a case asks for one. */
export function policyUnderAttack(stage: Stage, sandboxSection = "") {
  const pinned = createHash("sha256")
    .update(readFileSync(join(stage.tools, "node")))
    .digest("hex");
  const { policy, problems } = parsePolicy(policyText(pinned, sandboxSection));
  if (policy === null) throw new Error(`the policy under attack does not parse: ${JSON.stringify(problems)}`);
  return { policy: compilePolicy(policy), policyDigest: policyDigest(policy), generation: 1 };
}

export function bindings(stage: Stage): SandboxCredential[] {
  const [token = "", key = "", awsSecret = ""] = stage.secrets;
  return [
    { name: "TOKEN", placeholder: PLACEHOLDERS.token, source: fixedSource(token) },
    { name: "KEY", placeholder: PLACEHOLDERS.key, source: fixedSource(key) },
    { name: "AWS_ACCESS_KEY_ID", placeholder: PLACEHOLDERS.awsId, source: fixedSource(AWS_ID) },
    { name: "AWS_SECRET_ACCESS_KEY", placeholder: PLACEHOLDERS.awsSecret, source: fixedSource(awsSecret) },
  ];
}

export function creel(): Contender & { sandbox(): Sandbox; gateway(): Gateway } {
  const records: DecisionRecord[] = [];
  let sandbox: Sandbox | null = null;
  let gateway: Gateway | null = null;
  let at: Stage | null = null;
  const running = (): Sandbox => {
    if (sandbox === null) throw new Error("creel is not started");
    return sandbox;
  };
  return {
    name: "creel",
    configuration: "every layer, a policy of seven hosts for three programs, one read-write workspace",
    promises: new Set(PROMISES),
    missing: () => null,
    async start(stage) {
      at = stage;
      gateway = createGateway({
        journal: createRecordSink({ onRecord: (record) => void records.push(record) }),
        labels: { org: "local", node: "adversarial" },
        resolve: stage.servers.resolve,
        upstreamCa: stage.servers.authorities,
        lookup: async (name) => {
          if (name === HOSTS.moving) return moving.addresses;
          throw new Error("NXDOMAIN");
        },
      });
      const ca = await createSandboxCa({ name: "adversarial" });
      sandbox = await openSandbox(stage, {}, ca.certificatePem);
      const { runDir } = sandbox;
      await gateway.add({
        ...{ id: "under-attack", name: "under-attack", ca, network: { runDir } },
        ...policyUnderAttack(stage),
        credentials: bindings(stage),
      });
    },
    run: (test) => running().run(test),
    async settle() {
      if (at === null) throw new Error("creel is not started");
      const text = newKnock();
      const heard = at.servers.settledWith(text);
      const command = [`${TOOLS}/trusted`, "connect", SETTLING_HOST, String(RAW_PORT), `${text}\n`];
      await Promise.all([heard, running().control.exec({ command, timeoutMs: SETTLE_MS, outputBytesMax: 1_024 })]);
    },
    records: () => records.filter(({ host }) => host !== SETTLING_HOST),
    sandbox: running,
    gateway: () => {
      if (gateway === null) throw new Error("creel is not started");
      return gateway;
    },
    async stop() {
      await gateway?.close();
      await sandbox?.end();
    },
  };
}
