import type { Traffic } from "@creel/gateway";
import type { DesiredSandbox, PolicyRefusal, SandboxStatus } from "@creel/protocol";

/** What is in force for one sandbox, as its status says. */
export interface InForce {
  digest: string;
  generation: number;
  /** Until when the policy only watches; null when it is enforced. */
  monitorUntil: string | null;
  /** The newest policy it was sent is another one, and does not hold. */
  refusal: PolicyRefusal | null;
}

/** What a worker asks of the rest of the node agent. */
export interface WorkerHooks {
  /** Called when a sandbox runs, before it counts as running: the gateway serves it from here on. */
  serve(desired: DesiredSandbox): Promise<void>;
  /** Nothing leaves it from here on. */
  drop(id: string): Promise<void>;
  inForce(id: string): InForce | null;
  /** Its signs of life on the network; null while the gateway is away. */
  traffic(id: string): Promise<Traffic | null>;
  onStatus(status: SandboxStatus): void;
  onRemoved(id: string): void;
}
