/**
 * Makes the host run what the plan in force says. Threat: a policy that was tightened takes effect late, or a sandbox of an old plan
 * lives on. Invariant: policies are in force in the gateway before anything else of a plan happens, and every sandbox found on disk
 * that no plan names is stopped and removed; without a plan none is.
 */
import { readdir } from "node:fs/promises";
import type { DesiredSandbox, DesiredState, ExecRequest, ExecResult, SandboxStatus } from "@creel/protocol";
import type { Logger } from "pino";
import type { AcceptedState } from "./desired-store.ts";
import { servedExceptions } from "./exception-ends.ts";
import { privateDir } from "./files.ts";
import type { GatewayLink } from "./gateway/link.ts";
import type { ServedPolicy } from "./gateway/messages.ts";
import type { LogTail } from "./log-tail.ts";
import { monitorUntil } from "./monitor.ts";
import type { NodePaths } from "./paths.ts";
import { networkBounds } from "./sandbox/bounds.ts";
import type { SandboxRuntime } from "./sandbox/runtime.ts";
import { createWorker, type SandboxWorker } from "./sandbox/worker.ts";
import type { WorkerHooks } from "./sandbox/worker-hooks.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface Reconciler {
  /** Resolves when the plan's policies are in force for what runs. */
  putPolicies(accepted: AcceptedState): Promise<void>;
  /** Tells every sandbox what is desired of it; starting and stopping goes on after that. */
  converge(accepted: AcceptedState): Promise<void>;
  /** Ends at once what this plan kills or quarantines, before anything else of it is looked at. */
  strike(state: DesiredState): void;
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
  let inForce: AcceptedState | null = null;
  let wanted = new Map<string, DesiredSandbox>();

  const take = (accepted: AcceptedState) => {
    inForce = accepted;
    generation = accepted.state.generation;
    wanted = new Map(accepted.state.sandboxes.map((sandbox) => [sandbox.id, sandbox]));
  };
  const policyOf = ({ policy, limits, credentials = [], exceptions }: DesiredSandbox): ServedPolicy => ({
    yaml: policy.yaml,
    digest: policy.digest,
    generation,
    bounds: networkBounds(limits),
    credentials,
    exceptions: servedExceptions(exceptions, inForce?.exceptionEnds ?? new Map()),
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
      if (!desired) return null;
      const policy = inForce?.policies.get(id);
      const until = policy ? monitorUntil(policy, options.now()) : null;
      return {
        digest: desired.policy.digest,
        generation,
        monitorUntil: until,
        refusal: inForce?.refused.get(id) ?? null,
      };
    },
    traffic: (id) => gateway.traffic(id),
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

  await privateDir(paths.sandboxes);
  /** What is on disk or in the plan and has no worker yet. */
  const addMissing = async (): Promise<void> => {
    const onDisk = (await readdir(paths.sandboxes)).filter((name) => UUID.test(name));
    for (const id of new Set([...wanted.keys(), ...onDisk]))
      if (!workers.has(id)) await addWorker(id, wanted.get(id) ?? null);
  };
  if (options.inForce) {
    take(options.inForce);
    await addMissing();
  }

  return {
    async putPolicies(accepted) {
      take(accepted);
      const kept = accepted.state.sandboxes.filter(({ id }) => workers.has(id));
      const put = await Promise.allSettled(kept.map((sandbox) => gateway.setPolicy(sandbox.id, policyOf(sandbox))));
      for (const each of put) if (each.status === "rejected") throw each.reason;
    },
    async converge(accepted) {
      if (inForce !== accepted) return;
      for (const [id, worker] of workers) worker.want(wanted.get(id) ?? null);
      await addMissing();
    },
    strike(state) {
      for (const sandbox of state.sandboxes) {
        if (sandbox.state !== "quarantined" && !(sandbox.state === "stopped" && sandbox.end === "kill")) continue;
        workers
          .get(sandbox.id)
          ?.strike(sandbox)
          .catch((error: unknown) =>
            options.log.error({ err: error, sandbox: sandbox.name }, "a kill failed; the next step repeats it"),
          );
      }
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
