import { type ChildProcess, fork } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { creel } from "./creel.ts";
import { floor, httpMitmProxy, mockttp, pipe } from "./peers.ts";
import { sandboxedClient } from "./sandboxed.ts";
import { upstream } from "./upstream.ts";

/** Each part is a process of its own, so that its processor time is its own; all run from this one bundle. */
const roles = { upstream, creel, mockttp, httpMitmProxy, floor, pipe, sandboxedClient };
export type Role = keyof typeof roles;

const isRole = (name: string): name is Role => Object.hasOwn(roles, name);
const ROLE = "--role=";

export interface Part<Answer> {
  pid: number;
  child: ChildProcess;
  answer: Answer;
  stop(): Promise<void>;
}

/** Resolves with what the part says once it is ready. */
export async function startRole<Answer>(role: Role, input: object): Promise<Part<Answer>> {
  const child = fork(fileURLToPath(import.meta.url), [`${ROLE}${role}`], {
    stdio: ["pipe", "pipe", "inherit", "ipc"],
    // Thousands of requests are measured; warnings of peers about themselves are not.
    execArgv: ["--no-warnings"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.send(input);
  const answer = await new Promise<Answer>((resolve, reject) => {
    child.once("message", (message) => resolve(message as Answer));
    child.once("exit", (code) => reject(new Error(`The part ${role} ended with ${code}.`)));
  });
  return {
    pid: child.pid ?? 0,
    child,
    answer,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** True when this process is a part and not the benchmark itself. */
export function playRole(): boolean {
  const role = process.argv.find((word) => word.startsWith(ROLE))?.slice(ROLE.length);
  if (role === undefined || !isRole(role) || process.send === undefined) return false;
  process.once("SIGTERM", () => process.exit(0));
  process.once("disconnect", () => process.exit(0));
  process.once("message", (input) => {
    // The benchmark sends each part what that part takes.
    (roles[role] as (input: unknown) => Promise<object>)(input).then(
      (answer) => process.send?.(answer),
      (error: unknown) => {
        process.stderr.write(`${role}: ${error instanceof Error ? error.stack : String(error)}\n`);
        process.exit(1);
      },
    );
  });
  return true;
}

/** Nanoseconds on a processor, of these processes and of all their threads and children, by the kernel's scheduler. */
export function processorNs(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of pids)
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      try {
        sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
        const children = readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim();
        if (children !== "") sum += processorNs(children.split(" ").map(Number));
      } catch {
        // A thread or child that ended between the listing and the reading has no more to say.
      }
    }
  return sum;
}
