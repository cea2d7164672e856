/** Hosts that name more than one owner. */
import { fieldOf, isInspected, type Lint } from "./context.ts";
import type { Ref } from "./endpoints.ts";
import { suffixOf } from "./endpoints.ts";
import { REGISTRY_SUFFIXES, SHARED_DOMAINS } from "./kinds.ts";
import { sampleHost } from "./samples.ts";

export function lintHost(lint: Lint, ref: Ref): void {
  const { host } = ref.endpoint;
  if (!host.includes("*")) return;
  const suffix = suffixOf(host);
  if (REGISTRY_SUFFIXES.test(suffix) || SHARED_DOMAINS.includes(suffix))
    lint.warn(
      "shared_domain",
      `${fieldOf(ref)}.host`,
      `Anybody can get a host under ${suffix}, so ${host} also names strangers, for example ${sampleHost(host)}.`,
      "Name the hosts that are yours.",
    );
  else if (!isInspected(ref.endpoint))
    lint.warn(
      "wide_uninspected",
      `${fieldOf(ref)}.host`,
      `Every host of ${host} is reachable without inspection, for example ${sampleHost(host)}.`,
      "Name the hosts, or choose an inspected protocol.",
    );
}
