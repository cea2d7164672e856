import type { Register } from "../register.ts";

interface KillFlags {
  all?: boolean;
  node?: string;
  quarantine?: boolean;
  reason: string;
  yes?: boolean;
  json?: boolean;
}

const YES = ["-y, --yes", "do not ask; without a terminal only --all needs it"] as const;
const REASON = ["--reason <text>", "why; stands in the audit"] as const;

/** `creel sandbox kill|quarantine|release`: the ways in and out of the kill switch. */
export const registerKill: Register = (sandbox, io, finish) => {
  sandbox
    .command("kill")
    .description("end everything inside at once, without a stop's grace; the workspace stays")
    .argument("[name]", "name or id of the sandbox")
    .option("--all", "every sandbox of the organization, or of --node")
    .option("--node <name>", "with --all: only this node's")
    .option("--quarantine", "hold it then: nothing starts it until it is released")
    .option(...REASON, "")
    .option(...YES)
    .option("--json", "print the server's answer as JSON")
    .action(async (name: string | undefined, flags: KillFlags) => {
      const { killSandboxes } = await import("./kill.ts");
      const { reason, node, all = false, quarantine = false, yes = false, json = false } = flags;
      const options = { all, quarantine, reason, yes, json, ...(node === undefined ? {} : { node }) };
      finish(await killSandboxes(name, options, io));
    });
  sandbox
    .command("quarantine")
    .description("kill a sandbox and hold it: all is kept, nothing starts it until it is released")
    .argument("<name>", "name or id of the sandbox")
    .option(...REASON, "")
    .option(...YES)
    .option("--json", "print the server's answer as JSON")
    .action(async (name: string, { reason, yes = false, json = false }: KillFlags) => {
      const { killSandboxes } = await import("./kill.ts");
      finish(await killSandboxes(name, { all: false, quarantine: true, reason, yes, json }, io));
    });
  sandbox
    .command("release")
    .description("let a sandbox out of quarantine; it is stopped then")
    .argument("<name>", "name or id of the sandbox")
    .requiredOption(...REASON)
    .option("--json", "print the server's answer as JSON")
    .action(async (name: string, { reason, json = false }: { reason: string; json?: boolean }) => {
      const { releaseSandbox } = await import("./kill.ts");
      finish(await releaseSandbox(name, { reason, json }, io));
    });
};
