/** Fields of `sandbox:`: what the sandbox may use of its host, and what it is made of. */
import { LIST_ITEMS_MAX } from "../limits.ts";
import { boolean, choice, field, integer, list, object, type Spec, text } from "./spec.ts";

const count = integer(1, Number.MAX_SAFE_INTEGER);
/** The bounds of the launcher (packages/sandbox/src/spec.ts): below them nothing starts, above them no host reaches. */
const MEMORY_BYTES_MIN = 1024 * 1024;
const memory = integer(MEMORY_BYTES_MIN, Number.MAX_SAFE_INTEGER);
const processes = integer(1, 100_000);
const openFiles = integer(16, 1_048_576);
const CPUS_MIN = 0.01;
const fixed = { fixed: true };

export const sandboxLimits: Spec = object({
  memory_bytes: field(memory, "Memory of all its processes together, its memory file systems included.", fixed),
  processes: field(processes, "Processes and threads at one time.", fixed),
  cpus: field({ kind: "number", min: CPUS_MIN }, "Cores, fractions allowed; what wants more is slowed down.", fixed),
  open_files: field(openFiles, "Open files of each process.", fixed),
  tmp_bytes: field(memory, "Size of its temporary file systems.", fixed),
  workspace_bytes: field(count, "Disk space that the workspace may take up.", fixed),
  workspace_files: field(count, "Files and folders that the workspace may hold.", fixed),
  connections: field(count, "Open network connections at one time."),
  bytes_per_second: field(count, "Network traffic in both directions together; what wants more is slowed down."),
  requests_per_minute: field(count, "Requests, and connections that are not inspected."),
  lifetime_seconds: field(count, "The sandbox ends this long after its start.", fixed),
  idle_seconds: field(
    count,
    "The sandbox ends when for this long it wrote no output, asked nothing of the network and had no allowed request or relayed connection open; a connection kept open on which nothing is asked does not count.",
    fixed,
  ),
});

const workspace = object({
  noexec: field(boolean, "Nothing that the agent can write can be executed or loaded as a library.", {
    default: "false",
    fixed: true,
  }),
  protect: field(
    list(text(4096), LIST_ITEMS_MAX),
    "Names in the workspace, relative to it, that the agent can neither create nor change; `[]` protects none. With names in `.git` protected, a repository that the agent makes where there was none is kept outside of the workspace by `creel run`.",
    {
      default:
        "with `creel run`, files that other programs run or obey, such as `.git/hooks` and `.mcp.json`; none on a node of a fleet, where the workspace is the agent's alone",
      fixed: true,
    },
  ),
});

export const sandboxSection: Spec = object({
  limits: field(sandboxLimits, "How much it may use; where the operator set a bound too, the smaller one holds."),
  workspace: field(workspace, "What the workspace may be used for."),
  devices: field(
    list(text(4096), 64),
    "`gpu`, or device files by their path in `/dev`; only kinds of devices that give no way around the sandbox.",
    fixed,
  ),
  nested_userns: field(
    boolean,
    "Let the agent make user namespaces, for a sandbox that it brings along; more of the kernel comes into its reach, and a program counts as itself only with `writable_libraries: allow`.",
    { default: "false", fixed: true },
  ),
  writable_libraries: field(
    choice("deny", "allow"),
    "Whether a program into which the agent may have put code, from a library it can write or by `nested_userns`, still counts as itself; `deny` leaves it only what `/**` is allowed.",
    { default: "deny" },
  ),
  on_invalid_policy: field(
    choice("keep", "quarantine"),
    "What a node does when it is sent a version that it cannot read or enforce: stay with this one, or stop the sandbox and hold it.",
    { default: "keep" },
  ),
});
