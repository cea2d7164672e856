import { existsSync } from "node:fs";
import type { HostCapabilities } from "@creel/protocol";
import type { HostCannot } from "./policy-judge.ts";

/** What the launcher needs of Landlock to hold a policy that insists on it. */
const LANDLOCK_ABI_FOR_HARD = 3;

/** Judges whether this host can hold what a policy asks, before a sandbox is started with it or a running one is given it. */
export const hostCannot =
  (capabilities: HostCapabilities): HostCannot =>
  (policy) => {
    if (policy.landlock?.compatibility === "hard_requirement" && capabilities.landlockAbi < LANDLOCK_ABI_FOR_HARD) {
      const layer = capabilities.layers.find(({ id }) => id === "landlock");
      return `landlock: The policy insists on it, and this host offers ABI ${capabilities.landlockAbi}. ${layer?.remedy ?? ""}`.trim();
    }
    const away = policy.sandbox?.devices?.find((path) => path.startsWith("/") && !existsSync(path));
    if (away !== undefined)
      return `devices: This host has no ${away}. Run the sandbox on a node that has it, or take it out of sandbox.devices.`;
    return null;
  };
