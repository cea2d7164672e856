/** Deny rules that another endpoint undoes: on another port, under a neighbouring name, for another program. */
import type { Endpoint } from "../model.ts";
import type { PolicyRequest } from "../types.ts";
import { fieldOf, isInspected, type Lint } from "./context.ts";
import { sharedProgram } from "./covers.ts";
import { type Deny, heldRequest } from "./deny.ts";
import { sampleCaller, sampleHost } from "./samples.ts";

const shown = ({ method, path, host, port }: PolicyRequest): string =>
  `${method ?? ""} ${path ?? ""} at ${host}:${port}`;

/** The same host on another port is another endpoint, which the deny says nothing of. */
export function lintPorts(lint: Lint, deny: Deny): void {
  const { ref, field } = deny;
  for (const other of lint.endpoints.ofHost(ref.endpoint.host))
    for (const port of other.endpoint.ports) {
      if (ref.endpoint.ports.includes(port)) continue;
      if (!lint.spend(ref.entry.binaries.length * other.entry.binaries.length)) return;
      const binary = sharedProgram(ref.entry.binaries, other.entry.binaries);
      if (binary === null) continue;
      const request = { ...heldRequest(deny), ...sampleCaller(binary), port };
      if (!lint.allowed(request)) continue;
      lint.warnOnce(
        "deny_other_port",
        fieldOf(ref),
        field,
        `The deny holds on port ${ref.endpoint.ports.join(", ")}; entry \`${other.key}\` allows ${shown(request)}.`,
        "Put the deny on every port of the host, or remove the other port.",
      );
      return;
    }
}

/** The same service often answers under a neighbouring name. */
export function lintSiblings(lint: Lint, deny: Deny): void {
  const { ref, field } = deny;
  const { host } = ref.endpoint;
  if (host.includes("*")) return;
  for (const port of ref.endpoint.ports)
    for (const other of lint.endpoints.applying(host, port)) {
      if (!other.endpoint.host.includes("*")) continue;
      if (!lint.spend(ref.entry.binaries.length * other.entry.binaries.length)) return;
      const binary = sharedProgram(ref.entry.binaries, other.entry.binaries);
      if (binary === null) continue;
      const request = { ...heldRequest(deny), ...sampleCaller(binary), host: sampleHost(other.endpoint.host), port };
      if (request.host === host || !lint.allowed(request)) continue;
      lint.warnOnce(
        "deny_sibling_host",
        fieldOf(ref),
        field,
        `The deny holds for ${host} alone; entry \`${other.key}\` names ${other.endpoint.host} and allows ${shown(request)}.`,
        `Put the deny on ${other.endpoint.host} as well, or name its hosts one by one.`,
      );
      return;
    }
}

/** A deny rule holds for the programs of its own entry. */
export function lintPrograms(lint: Lint, deny: Deny): void {
  const { ref, field } = deny;
  for (const port of ref.endpoint.ports)
    for (const other of lint.endpoints.applying(ref.endpoint.host, port)) {
      if (other.key === ref.key || !allowsBroadly(other.endpoint)) continue;
      const stranger = other.entry.binaries.find((binary) => sharedProgram([binary], ref.entry.binaries) === null);
      if (stranger === undefined) continue;
      const request = { ...heldRequest(deny), ...sampleCaller(stranger), port };
      if (!lint.allowed(request)) continue;
      lint.warnOnce(
        "deny_other_program",
        fieldOf(ref),
        field,
        `The deny holds for the programs of \`${ref.key}\`; entry \`${other.key}\` allows ${request.binary} ${shown(request)}.`,
        `Put the deny into \`${other.key}\` as well, or list there the requests that are meant.`,
      );
      return;
    }
}

/** A rule that names the very path was written on purpose; what allows everything was perhaps not thought through. */
const allowsBroadly = (endpoint: Endpoint): boolean =>
  !isInspected(endpoint) ||
  endpoint.access !== undefined ||
  (endpoint.rules ?? []).some(({ allow }) => allow.path === "/**" || allow.path === "**");
