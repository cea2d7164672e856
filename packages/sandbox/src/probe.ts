/** What this host can enforce: facts by trying (`probe/gather.ts`), judged by a pure function (`probe/report.ts`). */
import { gatherFacts } from "./probe/gather.ts";
import { type HostCapabilities, type HostReport, reportHost } from "./probe/report.ts";

export type { HostEnvironment } from "./probe/environment.ts";
export type { HostFacts } from "./probe/facts.ts";
export { type Capability, canConfine, type HostCapabilities, type HostReport, reportHost } from "./probe/report.ts";

/** Everything that is known, with where this runs. `environment` are this process's variables: an engine's marks are looked for there. */
export const inspectHost = async (
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<HostReport> => reportHost(await gatherFacts(environment));

/** The same in the shape that a node sends to its hub. */
export async function probeHost(): Promise<HostCapabilities> {
  const { kernel, arch, landlockAbi, layers } = await inspectHost();
  return { kernel, arch, landlockAbi, layers };
}
