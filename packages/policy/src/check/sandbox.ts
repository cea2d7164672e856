/** `sandbox:`, where a slip would give the agent more than the file seems to say. */
import type { SandboxSection } from "../model.ts";
import { type CheckContext, fail, present } from "./context.ts";

type Workspace = NonNullable<SandboxSection["workspace"]>;
export type RawSandbox = Omit<SandboxSection, "devices" | "workspace"> & {
  devices?: (string | undefined)[];
  workspace?: Omit<Workspace, "protect"> & { protect?: (string | undefined)[] };
};

/** More cores than any host has: a slip, such as a size of memory. */
const CPUS_MAX = 1024;
const DEVICE = /^\/dev(\/[A-Za-z0-9_-][A-Za-z0-9_.:-]*)+$/;

export function checkSandbox(ctx: CheckContext, raw: RawSandbox): SandboxSection {
  const { devices, workspace, ...rest } = raw;
  const cpus = raw.limits?.cpus;
  if (cpus !== undefined && !(cpus > 0 && cpus <= CPUS_MAX))
    fail(
      ctx,
      "wrong_type",
      "sandbox.limits.cpus",
      `${cpus} is no number of cores.`,
      "Write a number above 0, such as `0.5` or `2`.",
    );
  for (const [device, i] of present(devices))
    if (device !== "gpu" && !DEVICE.test(device))
      fail(
        ctx,
        "bad_path",
        `sandbox.devices[${i}]`,
        `"${device}" is neither \`gpu\` nor a device file.`,
        "Write `gpu`, or the whole path, such as `/dev/dri/renderD128`.",
      );
  for (const [name, i] of present(workspace?.protect)) checkProtected(ctx, `sandbox.workspace.protect[${i}]`, name);
  return {
    ...rest,
    ...(devices === undefined ? {} : { devices: present(devices).map(([device]) => device) }),
    ...(workspace === undefined ? {} : { workspace: checked(workspace) }),
  };
}

const checked = ({ protect, ...rest }: NonNullable<RawSandbox["workspace"]>): Workspace => ({
  ...rest,
  ...(protect === undefined ? {} : { protect: present(protect).map(([name]) => name) }),
});

function checkProtected(ctx: CheckContext, field: string, name: string): void {
  const parts = name.split("/");
  if (name.includes("\0") || parts.some((part) => part === "" || part === "." || part === ".."))
    fail(
      ctx,
      "bad_path",
      field,
      `"${name}" is no plain name below the workspace.`,
      "Write it relative to the workspace, without `.` and `..`, such as `.git/hooks`.",
    );
}
