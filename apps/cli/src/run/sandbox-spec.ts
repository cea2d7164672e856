import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { caEnv } from "@creel/agents";
import type { parsePolicy } from "@creel/policy";
import { SANDBOX_WORK, type SandboxSpec } from "@creel/sandbox";
import { readIfThere } from "../up/home.ts";

type Policy = NonNullable<ReturnType<typeof parsePolicy>["policy"]>;

const CA_FILE = "/etc/creel/ca.crt";
const BUNDLE_FILE = "/etc/creel/ca-bundle.crt";
/** Where distributions keep the authorities that TLS relayed unopened is checked against. */
const SYSTEM_BUNDLES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
/** All of the host that is visible inside, read-only. */
const VISIBLE = ["/usr/", "/bin/", "/sbin/", "/lib"];

export interface SpecInput {
  id: string;
  runDir: string;
  stateDir: string;
  command: string[];
  mounts: NonNullable<SandboxSpec["mounts"]>;
  env: Record<string, string>;
  policy: Policy;
  caPem: string;
}

export function sandboxSpec(input: SpecInput): SandboxSpec {
  const bundle = SYSTEM_BUNDLES.map(readIfThere).find((text) => text !== null) ?? "";
  const filesystem = input.policy.filesystem_policy;
  return {
    id: input.id,
    runDir: input.runDir,
    stateDir: input.stateDir,
    command: input.command,
    cwd: SANDBOX_WORK,
    env: {
      TERM: "xterm-256color",
      TMPDIR: "/tmp",
      ...input.env,
      ...caEnv({ caFile: CA_FILE, bundleFile: BUNDLE_FILE }),
    },
    mounts: input.mounts,
    files: [
      { path: CA_FILE, content: input.caPem },
      { path: BUNDLE_FILE, content: `${bundle.trimEnd()}\n${input.caPem}` },
    ],
    landlock: input.policy.landlock?.compatibility ?? "best_effort",
    ...(filesystem === undefined
      ? {}
      : {
          readOnly: filesystem.read_only,
          readWrite: [...filesystem.read_write, ...(filesystem.include_workdir ? [SANDBOX_WORK] : [])],
        }),
  };
}

/** Said beside a failed start: programs installed in a home folder are a common surprise. */
export function whereOutside(program: string, path: string | undefined): string | null {
  if (program.includes("/")) return VISIBLE.some((prefix) => program.startsWith(prefix)) ? null : program;
  for (const folder of (path ?? "").split(delimiter)) {
    const file = join(folder, program);
    if (folder === "" || VISIBLE.some((prefix) => file.startsWith(prefix))) continue;
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}
