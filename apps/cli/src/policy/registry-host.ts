import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { readEnv } from "../env.ts";

/** A client that hangs on its configuration must not hang us. */
const CLIENT_TIMEOUT_MS = 10_000;
const OUTPUT_BYTES_MAX = 64 * 1024;

/**
 * Where the user's own client gets its packages from, asked of the client itself: what it would use is what must be opened. Presets whose
 * client cannot say it in one word are not here; their hosts are given with --set.
 * Threat: an agent writes a project's configuration and waits for a person to open the host it names. Invariant: the client is asked from
 * the user's home, where a project's files do not count.
 */
const CLIENTS: Readonly<Record<string, { program: string; args: string[] }>> = {
  npm: { program: "npm", args: ["config", "get", "registry"] },
  pypi: { program: "pip", args: ["config", "get", "global.index-url"] },
  go: { program: "go", args: ["env", "GOPROXY"] },
};

export interface FoundRegistry {
  /** URLs or hosts, separated by commas, without user and password. */
  value: string;
  /** What said so, for people. */
  source: string;
}

/** Null when no client is there, or none is configured. No shell is involved, and nothing is fetched. */
export async function registryOf(preset: string): Promise<FoundRegistry | null> {
  const client = Object.hasOwn(CLIENTS, preset) ? CLIENTS[preset] : undefined;
  if (client === undefined) return null;
  // pip tells what its files say, not what its environment says, which counts before them.
  const fromEnv = preset === "pypi" ? readEnv().pipIndexUrl : null;
  const source = fromEnv === null ? `${client.program} ${client.args.join(" ")}` : "PIP_INDEX_URL";
  const value = registryHosts(fromEnv ?? (await output(client.program, client.args)) ?? "");
  return value === "" ? null : { value, source };
}

/** Keeps what names a host; words such as `direct` and `off` name none, and a secret in a URL is not for a policy file. */
export function registryHosts(text: string): string {
  return text
    .split(/[,|\s]+/)
    .flatMap((part) => {
      try {
        const url = new URL(part);
        return url.protocol === "https:" || url.protocol === "http:" ? [`${url.origin}${url.pathname}`] : [];
      } catch {
        return [];
      }
    })
    .join(",");
}

const output = (program: string, args: string[]): Promise<string | null> =>
  new Promise((resolve) => {
    const options = { cwd: homedir(), timeout: CLIENT_TIMEOUT_MS, maxBuffer: OUTPUT_BYTES_MAX };
    execFile(program, args, options, (error, stdout) => resolve(error === null ? stdout.trim() : null));
  });
