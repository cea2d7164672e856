import { findTarget, openApi } from "../api/client.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine, line } from "../io.ts";
import { sayTable } from "../say-table.ts";
import { listOf, type SandboxView, sandboxSchema } from "./views.ts";

const HEADINGS = ["NAME", "PHASE", "AGENT", "POLICY", "NODE", "PID", "RESTARTS"];

/** Ends that a limit brought about are worth a word in a list; the rest is in the phase. */
const ended = (cause: string | null | undefined): string =>
  cause && ["memory", "processes", "workspace", "lifetime", "idle"].includes(cause) ? ` (${cause})` : "";

function row(sandbox: SandboxView): string[] {
  const { status } = sandbox;
  const behind = status !== null && status.policyDigest !== null && status.policyDigest !== sandbox.policyDigest;
  const until = status?.monitorUntil;
  const monitor = until ? (until === "forever" ? ", monitor without an end" : `, monitor until ${until}`) : "";
  const refused = status?.policyRefused ? " (newer one refused)" : "";
  return [
    sandbox.name,
    `${status?.phase ?? "pending"}${ended(status?.cause)}`,
    sandbox.agent.plugin,
    `${sandbox.policyName} v${sandbox.policyVersion}${refused || (behind ? " (not yet in force)" : "")}${monitor}`,
    `${sandbox.nodeName}${sandbox.nodeConnected ? "" : " (away)"}`,
    status?.pid?.toString() ?? "-",
    status?.restarts.toString() ?? "-",
  ];
}

export async function listSandboxes(options: { json: boolean }, io: Io): Promise<ExitCode> {
  const sandboxes = await openApi(findTarget()).call(listOf(sandboxSchema), "GET", "/sandboxes");
  if (options.json) {
    io.out(jsonLine(sandboxes));
    return EXIT.done;
  }
  if (sandboxes.length === 0) {
    io.out(line("No sandboxes yet. Create one in the dashboard, or run a command here: creel run -- CMD"));
    return EXIT.done;
  }
  sayTable(HEADINGS, sandboxes.map(row), io);
  return EXIT.done;
}
