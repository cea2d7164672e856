/** The sandbox and its gateway, from their start to their end. */
import { setTimeout as delay } from "node:timers/promises";
import type { DecisionSink, Gateway, GatewaySandbox } from "@creel/gateway";
import { createRecordSink } from "@creel/gateway/ahead";
import type { Policy } from "@creel/policy";
import { policyDigest } from "@creel/policy/ahead";
import { runSandbox, type SandboxProcess, type SandboxSpec } from "@creel/sandbox";
import type { DecisionFile } from "./decisions.ts";
import { endingOf } from "./ending.ts";
import type { Ending } from "./report/ending.ts";
import type { Report } from "./report/report.ts";
import { connectStreams, type Streams } from "./streams.ts";
import { STOP_GRACE_MS, watchTime } from "./watch.ts";

const ATTACH_RACE_MS = 1_000;
/** Long enough for `true` and `--version`, short beside what loading the gateway takes. */
const SHORT_COMMAND_MS = 10;

export interface SessionInput {
  spec: SandboxSpec;
  streams: Streams;
  policy: Policy;
  served: Pick<GatewaySandbox, "ca" | "policy" | "credentials">;
  /** Asked for once the sandbox runs; not at all when it is over before. */
  gateway(journal: DecisionSink): Promise<Gateway>;
  report: Report;
  decisions: DecisionFile;
}

export interface SessionEnd {
  exitCode: number;
  ending: Ending | null;
  /** Limits that it met without being ended by them. */
  limitsMet: string[];
}

/** Resolves when the command has ended and every decision is recorded. */
export async function runSession(input: SessionInput): Promise<SessionEnd> {
  const { spec, streams, policy, report } = input;
  const sandbox = runSandbox(spec, streams.options);
  const watch = watchTime({
    limits: policy.sandbox?.limits ?? {},
    end: () => {
      sandbox.kill("SIGTERM");
      setTimeout(() => sandbox.kill("SIGKILL"), STOP_GRACE_MS).unref();
    },
  });
  let gateway: Gateway | null = null;
  const connected = connectStreams(sandbox, streams, { report, onOutput: watch.alive });
  const release = forwardSignals((signal) => sandbox.kill(signal));
  try {
    await sandbox.started;
    // A command that needed no more than these milliseconds reached nothing, and needs no gateway.
    if (!(await endsWithin(sandbox.exited, SHORT_COMMAND_MS))) {
      gateway = await input.gateway(watch.watching(sinkFor(input)));
      await attach(gateway, sandbox, input);
    }
    const { exitCode } = await sandbox.exited;
    const { ending, met } = await endingOf(spec.stateDir, policy.sandbox?.limits);
    return { exitCode, ending: watch.ending() ?? ending, limitsMet: met };
  } catch (error) {
    // Nobody decides for it then; it would wait for answers for ever, and we for it.
    sandbox.kill("SIGKILL");
    throw error;
  } finally {
    release();
    watch.stop();
    connected.end();
    await gateway?.close();
  }
}

function sinkFor({ decisions, report }: SessionInput): DecisionSink {
  let failure: string | undefined;
  const sink = createRecordSink({
    onRecord(record) {
      decisions.take(record);
      report.record(record, failure);
    },
  });
  return {
    ...sink,
    end(ref, totals) {
      // The record of this flow is given before `end` returns.
      failure = totals.failure;
      sink.end(ref, totals);
      failure = undefined;
    },
    append(draft) {
      report.draft(draft);
      return sink.append(draft);
    },
  };
}

async function attach(
  gateway: Gateway,
  sandbox: SandboxProcess,
  { spec, policy, served }: SessionInput,
): Promise<void> {
  const { id, runDir } = spec;
  const inForce = { policyDigest: policyDigest(policy), generation: 0 };
  try {
    await gateway.add({ id, name: id, network: { runDir }, ...inForce, ...served });
  } catch (error) {
    // A command may be over before the gateway is attached; then there is nothing left to serve, and nothing got out.
    if (await endsWithin(sandbox.exited, ATTACH_RACE_MS)) return;
    throw error;
  }
}

const endsWithin = (exited: Promise<unknown>, ms: number): Promise<boolean> =>
  Promise.race([exited.then(() => true), delay(ms, false, { ref: false })]);

/** Ctrl-C reaches the command by the terminal itself; we only must not die before it. */
function forwardSignals(kill: (signal: NodeJS.Signals) => void): () => void {
  const ignore = (): void => undefined;
  const forward = (signal: NodeJS.Signals): void => kill(signal);
  const forwarded: NodeJS.Signals[] = ["SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"];
  process.on("SIGINT", ignore);
  for (const signal of forwarded) process.on(signal, forward);
  return () => {
    process.removeListener("SIGINT", ignore);
    for (const signal of forwarded) process.removeListener(signal, forward);
  };
}
