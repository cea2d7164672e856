import { existsSync, readdirSync } from "node:fs";
import { Random } from "../../policy/fuzz/random.ts";
import { helloOf } from "../test/support/hello.ts";
import { playHttp, startHttp } from "./httpRun.ts";
import { playDns, playFrames, playHello } from "./namesRun.ts";
import { playSecure, startSecure } from "./secure/run.ts";

export interface FuzzOptions {
  target: string;
  minutes: number;
  seed: number;
}

const CONNECTIONS_PER_BATCH = 200;
const CODEC_CASES_PER_BATCH = 20_000;
/** What the process may hold beyond what it held after the first batches; a leak of a kilobyte a connection passes it in an hour. */
const GROWTH_BYTES_MAX = 64 * 1024 * 1024;
const WARM_BATCHES = 5;
/** Open connections between batches, whose clients have all left: those kept to the server, and those that linger over a refusal. */
const SOCKETS_MAX = 100;

/** Batches one behind the other of which nothing of a kind came through; one alone is a machine too busy to answer in time. */
const SILENT_BATCHES_MAX = 3;

const DESCRIPTORS = "/proc/self/fd";
/** What Node opens now and then for itself. */
const DESCRIPTORS_GROWN_MAX = SOCKETS_MAX;

export function playCodecs(hello: Buffer, options: { seed: number; cases: number }): string[] {
  const faults: string[] = [];
  for (let n = 0; n < options.cases; n += 1) {
    const random = new Random(options.seed + n);
    for (const play of [playDns, (r: Random) => playHello(r, hello), playFrames]) {
      try {
        const fault = play(random);
        if (fault !== null) faults.push(`seed ${options.seed + n}: ${fault}`);
      } catch (error) {
        faults.push(`seed ${options.seed + n}: threw ${error instanceof Error ? error.stack : String(error)}`);
      }
    }
  }
  return faults;
}

/** Says when more files and sockets are open than when it was first asked. */
function descriptorWatch(): () => string[] {
  let first = 0;
  return () => {
    const count = existsSync(DESCRIPTORS) ? readdirSync(DESCRIPTORS).length : 0;
    if (first === 0) first = count;
    return count > first + DESCRIPTORS_GROWN_MAX ? [`${count} descriptors are open, ${first} were`] : [];
  };
}

/** The exit status: 0 when everything held. */
export async function run(options: FuzzOptions, say: (line: string) => void): Promise<number> {
  const until = Date.now() + options.minutes * 60_000;
  let broken = 0;
  const fault = (text: string) => {
    broken += 1;
    say(`BROKEN ${text}`);
  };
  process.on("uncaughtException", (error) => fault(`uncaught: ${error.stack}`));
  process.on("unhandledRejection", (error) =>
    fault(`unhandled: ${error instanceof Error ? error.stack : String(error)}`),
  );
  const hello = await helloOf("api.example.com");
  const wants = (target: string) => options.target === "all" || options.target === target;
  const http = wants("http") ? await startHttp() : null;
  const secure = wants("secure") ? await startSecure(hello) : null;
  const descriptors = descriptorWatch();
  let { seed } = options;
  let connections = 0;
  let requests = 0;
  let cases = 0;
  let heldBytes = 0;
  const silent = new Map<string, number>();
  let saidAt = 0;
  for (let batch = 0; batch === 0 || Date.now() < until; batch += 1) {
    if (http !== null) {
      const played = await playHttp(http, { seed, connections: CONNECTIONS_PER_BATCH });
      for (const text of played.faults) fault(`seeds from ${seed}: ${text}`);
      connections += CONNECTIONS_PER_BATCH;
      requests += played.requests;
    }
    if (secure !== null) {
      const { faults, reached } = await playSecure(secure, { seed, connections: CONNECTIONS_PER_BATCH });
      for (const text of faults) fault(`seeds from ${seed}: ${text}`);
      for (const [what, count] of Object.entries(reached)) {
        silent.set(what, count === 0 ? (silent.get(what) ?? 0) + 1 : 0);
        if (silent.get(what) === SILENT_BATCHES_MAX)
          fault(`seeds from ${seed}: no ${what} came through in ${SILENT_BATCHES_MAX} batches`);
      }
      connections += CONNECTIONS_PER_BATCH;
      requests += reached.http1 + reached.http2;
    }
    if (wants("names")) {
      for (const text of playCodecs(hello, { seed, cases: CODEC_CASES_PER_BATCH })) fault(text);
      cases += CODEC_CASES_PER_BATCH * 3;
    }
    seed += Math.max(CONNECTIONS_PER_BATCH, CODEC_CASES_PER_BATCH);
    const sockets = process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;
    if (sockets > SOCKETS_MAX) fault(`${sockets} connections are open though their clients left`);
    globalThis.gc?.();
    if (batch >= WARM_BATCHES) for (const text of descriptors()) fault(text);
    const { heapUsed, external } = process.memoryUsage();
    if (batch === WARM_BATCHES) heldBytes = heapUsed + external;
    if (batch > WARM_BATCHES && heapUsed + external > heldBytes + GROWTH_BYTES_MAX && globalThis.gc !== undefined) {
      fault(`memory grew from ${heldBytes} to ${heapUsed + external} bytes`);
      heldBytes = heapUsed + external;
    }
    if (broken > 50) break;
    if (Date.now() - saidAt > 60_000) {
      saidAt = Date.now();
      say(
        `${connections} connections, ${requests} requests allowed, ${cases} codec cases, ${broken} broken, ${Math.round((heapUsed + external) / 1048576)} MiB held`,
      );
    }
  }
  await http?.close();
  await secure?.close();
  say(
    `done: ${connections} connections, ${requests} requests allowed, ${cases} codec cases, ${broken} broken; seeds ${options.seed} to ${seed - 1}`,
  );
  return broken === 0 ? 0 : 1;
}
