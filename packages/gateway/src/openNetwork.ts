import { attachNetwork } from "@creel/sandbox";
import type { GatewaySandbox, SandboxNetwork } from "./types.ts";

/** The sandbox's sockets, from its shim or as given. */
export async function openNetwork(source: GatewaySandbox["network"]): Promise<SandboxNetwork> {
  return "runDir" in source ? attachNetwork(source) : source;
}
