/**
 * Makes the host run what the plan in force says. Threat: a policy that was tightened takes effect late, or a sandbox of an old plan
 * lives on. Invariant: policies are in force in the gateway before anything else of a plan happens, and every sandbox found on disk
 * that no plan names is stopped and removed.
 */
import { readdir } from "node:fs/promises";
import type { DesiredSandbox, ExecRequest, ExecResult, SandboxStatus } from "@creel/protocol";
import type { Logger } from "pino";
import type { AcceptedState } from "./desired-store.ts";
import { privateDir } from "./files.ts";
import type { GatewayLink } from "./gateway/link.ts";
import type { ServedPolicy } from "./gateway/messages.ts";
import type { LogTail } from "./log-tail.ts";
import type { NodePaths } from "./paths.ts";
import type { SandboxRuntime } from "./sandbox/runtime.ts";
import { createWorker, type SandboxWorker, type WorkerHooks } from "./sandbox/worker.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface Reconciler {
  /** Puts a plan in force: resolves when its policies are; starting and stopping goes on after that. */
  apply(accepted: AcceptedState): Promise<void>;
  statuses(): SandboxStatus[];
  exec(request: ExecRequest): Promise<ExecResult>;
  /** Lets go of every sandbox and leaves them running. */
  close(): Promise<void>;
}

export async function createReconciler(options: {
  paths: NodePaths;
  gateway: GatewayLink;
  runtime: SandboxRuntime;
  logs: LogTail;
  inForce: AcceptedState | null;
  log: Logger;
  now: () => number;
  onStatus: (status: SandboxStatus) => void;
}): Promise<Reconciler> {
  const { paths, gateway, runtime, logs } = options;
  const workers = new Map<string, SandboxWorker>();
  let generation = 0;
  let wanted = new Map<string, DesiredSandbox>();

  const take = ({ state }: AcceptedState) => {
    generation = state.generation;
    wanted = new Map(state.sandboxes.map((sandbox) => [sandbox.id, sandbox]));
  };
  const policyOf = ({ policy }: DesiredSandbox): ServedPolicy => ({
    yaml: policy.yaml,
    digest: policy.digest,
    generation,
  });

  const hooks: WorkerHooks = {
    async serve(launched) {
      // The newest plan's policy, also when the launch began under an older one.
      const { id, name } = launched;
      const desired = wanted.get(id) ?? launched;
      const { caCert, caKey, log } = paths.sandbox(id);
      logs.watch({ id, path: log, incarnation: launched.incarnation });
      await gateway.serve({ id, name, runDir: runtime.runDir(id), caCert, caKey, ...policyOf(desired) });
    },
    drop: (id) => gateway.drop(id),
    inForce(id) {
      const desired = wanted.get(id);
      return desired ? { digest: desired.policy.digest, generation } : null;
    },
    onStatus: options.onStatus,
    onRemoved(id) {
      logs.forget(id);
      workers.delete(id);
    },
  };
  const addWorker = async (id: string, desired: DesiredSandbox | null): Promise<void> => {
    const log = options.log.child({ sandbox: desired?.name ?? id });
    const statusFile = paths.sandbox(id).status;
    workers.set(id, await createWorker({ id, statusFile, desired, runtime, hooks, log, now: options.now }));
  };

  if (options.inForce) take(options.inForce);
  await privateDir(paths.sandboxes);
  const onDisk = (await readdir(paths.sandboxes)).filter((name) => UUID.test(name));
  for (const id of new Set([...onDisk, ...wanted.keys()])) await addWorker(id, wanted.get(id) ?? null);

  return {
    async apply(accepted) {
      take(accepted);
      const kept = accepted.state.sandboxes.filter(({ id }) => workers.has(id));
      await Promise.all(kept.map((sandbox) => gateway.setPolicy(sandbox.id, policyOf(sandbox))));
      for (const [id, worker] of workers) worker.want(wanted.get(id) ?? null);
      for (const [id, desired] of wanted) if (!workers.has(id)) await addWorker(id, desired);
    },
    statuses: () => [...workers.values()].map((worker) => worker.status()),
    async exec(request) {
      const worker = workers.get(request.sandboxId);
      if (!worker) throw new Error("This node runs no such sandbox.");
      return await worker.exec(request);
    },
    async close() {
      await Promise.all([...workers.values()].map((worker) => worker.close()));
    },
  };
}
