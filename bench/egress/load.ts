import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

/** From the bundle's place to the program that makes the load; it also goes into the sandbox as a file. */
export const CLIENT_FILE = fileURLToPath(new URL("../../bench/egress/client.mjs", import.meta.url));

export type Verb = "ready" | "http1" | "http2" | "first" | "download" | "connects";

/** Whoever asks: a program in the sandbox, or one outside beside a peer. */
export interface Load {
  /** Milliseconds of each thing done. */
  ask(verb: Verb, input: object): Promise<number[]>;
}

interface Answer {
  times?: number[];
  failed?: string;
}

export function loadOn(child: { stdin: Writable | null; stdout: Readable | null }): Load {
  if (child.stdin === null || child.stdout === null) throw new Error("The load has no pipes.");
  const { stdin } = child;
  const waiting: ((answer: Answer) => void)[] = [];
  // The client is our own program: each line is an answer.
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.(JSON.parse(line) as Answer));
  return {
    ask(verb, input) {
      return new Promise((resolve, reject) => {
        waiting.push(({ times, failed }) => (times === undefined ? reject(new Error(failed)) : resolve(times)));
        stdin.write(`${JSON.stringify({ verb, ...input })}\n`);
      });
    },
  };
}

export function startLoad(input: { caFile: string; proxyPort: number | null; port: number }): Load & {
  child: ChildProcess;
} {
  const child = spawn(process.execPath, [CLIENT_FILE, JSON.stringify(input)], { stdio: ["pipe", "pipe", "inherit"] });
  return { ...loadOn(child), child };
}
