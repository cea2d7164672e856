import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { freePort } from "../../packages/db/src/embedded/freePort.ts";

export { freePort };

const root = fileURLToPath(new URL("../..", import.meta.url));
const START_TIMEOUT_MS = 150_000;
const STOP_TIMEOUT_MS = 45_000;
const POLL_MS = 200;
const OUTPUT_CHARS = 20_000;

const devSchema = z.object({
  webUrl: z.url(),
  hubUrl: z.url(),
  orgSlug: z.string(),
  email: z.string(),
  password: z.string(),
  apiToken: z.string(),
});
export type Dev = z.infer<typeof devSchema>;
const runSchema = z.object({ pid: z.number(), restarts: z.number() });

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks again until the answer is not null; the last resort against waiting for ever is the deadline. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | null> | T | null,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown = null;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== null) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s`, { cause: last });
    await sleep(POLL_MS);
  }
}

/** A whole deployment of its own: `creel up` in a fresh home on free ports, as a person would start it. */
export class Fleet {
  readonly home = mkdtempSync(join(tmpdir(), "creel-e2e-"));
  #up: ChildProcess | null = null;
  #output = "";
  #ports: { web: number; hub: number } | null = null;
  #dev: Dev | null = null;
  readonly #settings: Readonly<Record<string, string>>;

  /** `settings` go into the environment of `creel up`. */
  constructor(settings: Readonly<Record<string, string>> = {}) {
    this.#settings = settings;
  }

  get dev(): Dev {
    if (this.#dev === null) throw new Error("the fleet has not been started");
    return this.#dev;
  }
  get output(): string {
    return this.#output;
  }

  async start(): Promise<void> {
    this.#ports ??= { web: await freePort(), hub: await freePort() };
    const env = { ...process.env, CREEL_WEB_PORT: String(this.#ports.web), CREEL_HUB_PORT: String(this.#ports.hub) };
    const up = spawn(process.execPath, [join(root, "apps/cli/bin/creel.js"), "up"], {
      cwd: root,
      env: { ...env, ...this.#settings, CREEL_HOME: this.home },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#up = up;
    this.#output = "";
    const take = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString("utf8")).slice(-OUTPUT_CHARS);
    };
    up.stdout.on("data", take);
    up.stderr.on("data", take);
    await eventually(
      "creel up",
      () => {
        if (up.exitCode !== null) throw new Error(`creel up ended with ${up.exitCode}:\n${this.#output}`);
        return this.#output.includes(READY) ? true : null;
      },
      START_TIMEOUT_MS,
    ).catch((error: unknown) => {
      throw new Error(`creel up did not come up:\n${this.#output}\n${this.logTails()}`, { cause: error });
    });
    this.#dev = devSchema.parse(JSON.parse(readFileSync(join(this.home, "dev.json"), "utf8")));
  }

  /** Ctrl-C, as a person would; answers the exit code. */
  async stop(): Promise<number | null> {
    const up = this.#up;
    if (up === null) return null;
    this.#up = null;
    const exited = new Promise<number | null>((resolve) => up.once("exit", (code) => resolve(code)));
    if (up.exitCode !== null) return up.exitCode;
    up.kill("SIGINT");
    const late = sleep(STOP_TIMEOUT_MS).then(() => {
      up.kill("SIGKILL");
      return null;
    });
    return await Promise.race([exited, late]);
  }

  /** The accident that nothing can prepare for. */
  async kill(): Promise<void> {
    const up = this.#up;
    if (up === null) return;
    this.#up = null;
    const exited = new Promise((resolve) => up.once("exit", resolve));
    up.kill("SIGKILL");
    await exited;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  /** The process that the supervisor started last under this name. */
  program(name: string): { pid: number; restarts: number } {
    return runSchema.parse(JSON.parse(readFileSync(join(this.home, "run", `${name}.json`), "utf8")));
  }

  async api<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.dev.webUrl}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.dev.apiToken}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
    // The caller names the shape it asserts on; a wrong one shows in its assertions.
    return JSON.parse(text) as T;
  }

  logTails(): string {
    return ["web", "hub", "node-agent"]
      .map((name) => {
        try {
          return `── ${name}.log ──\n${readFileSync(join(this.home, "logs", `${name}.log`), "utf8").slice(-3000)}`;
        } catch {
          return `── ${name}.log: none ──`;
        }
      })
      .join("\n");
  }
}

/** The line `creel up` prints last. */
const READY = "Ctrl-C stops everything";
