/** Entries that undo one another. */
import { compileGlob } from "../glob.ts";
import type { Binary, Endpoint, Policy, PolicyEntry } from "../model.ts";
import type { Lint } from "./context.ts";

type ByTarget = ReadonlyMap<string, { key: string; binaries: readonly Binary[] }[]>;

/** Endpoints without inspection by host and port, so that a large file is read once. */
export function uninspectedByTarget(policy: Policy): ByTarget {
  const found = new Map<string, { key: string; binaries: readonly Binary[] }[]>();
  for (const [key, entry] of Object.entries(policy.network_policies))
    for (const endpoint of entry.endpoints) {
      if (endpoint.protocol !== undefined && endpoint.protocol !== "tcp") continue;
      for (const port of endpoint.ports) {
        const target = `${endpoint.host}:${port}`;
        found.set(target, [...(found.get(target) ?? []), { key, binaries: entry.binaries }]);
      }
    }
  return found;
}

/** An inspected endpoint beside an uninspected one of the same host and port: the latter allows whatever the former does not. */
export function lintOverlap(lint: Lint, field: string, entry: PolicyEntry, endpoint: Endpoint, rivals: ByTarget): void {
  if (endpoint.protocol === undefined || endpoint.protocol === "tcp") return;
  const rival = endpoint.ports
    .flatMap((port) => rivals.get(`${endpoint.host}:${port}`) ?? [])
    .find(({ binaries }) =>
      entry.binaries.some((a) =>
        binaries.some((b) => a.path === b.path || compileGlob(b.path, { separator: "/" })(a.path)),
      ),
    );
  if (rival !== undefined)
    lint.problems.warn(
      "uninspected_beside",
      lint.at(field),
      `Entry \`${rival.key}\` allows the same program the same host without inspection, so these rules narrow nothing.`,
      `Remove the endpoint from \`${rival.key}\`, or give it a protocol.`,
    );
}
