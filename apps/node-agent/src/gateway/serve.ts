/**
 * The gateway process's own half: turns messages of its parent into calls of the gateway. Invariant: a policy is parsed, compiled and
 * its digest recomputed here again before it is swapped in; a policy that fails leaves the one in force as it is.
 */
import { readFile } from "node:fs/promises";
import {
  createGateway,
  createJournal,
  type Gateway,
  openExceptionUses,
  type PolicyInForce,
  withRoots,
} from "@creel/gateway";
import { type CompiledPolicy, compilePolicy, parsePolicy, policyDigest } from "@creel/policy";
import { createRouter, detectModel } from "@creel/router";
import { reasonOf } from "../files.ts";
import { EXCEPTION_USES_KEPT_MS } from "../limits.ts";
import { steadyFrom } from "../steady-clock.ts";
import { openCredentials } from "./credentials.ts";
import { agentProtocols, type FromGateway, type ServedPolicy, type ToGateway, toGatewaySchema } from "./messages.ts";

/** Nudges about the journal are bundled: the feed needs freshness, not one message a decision. */
const NUDGE_MS = 10;

export async function serveGateway(options: {
  start: Extract<ToGateway, { type: "start" }>;
  modelEnv: Record<string, string | undefined>;
  send: (message: FromGateway) => void;
}): Promise<{ take: (raw: unknown) => Promise<void>; close: () => Promise<void> }> {
  const { start, send } = options;
  // Deadlines of policies are judged by a time that never goes back.
  const steadyNow = steadyFrom(start.notBeforeMs);
  const now = () => new Date();
  const backend = await detectModel(options.modelEnv, { now, ca: withRoots(start.upstreamCa)?.join("\n") });
  const router = createRouter({ models: [backend], now });
  const problem = (text: string) => send({ type: "problem", text: text.slice(0, 4096) });
  const credentials = await openCredentials({
    keyFile: start.sealingKey,
    nodeId: start.nodeId,
    onProblem: problem,
  });
  const journal = createJournal({
    dir: start.journalDir,
    onHealth: (sick) => sick !== null && problem(`The journal cannot be written: ${sick}`),
  });
  let nudging = false;
  const nudged = () => {
    if (nudging) return;
    nudging = true;
    setTimeout(() => {
      nudging = false;
      send({ type: "journal" });
    }, NUDGE_MS);
  };
  const gateway: Gateway = createGateway({
    journal: {
      boot: journal.boot,
      append: async (draft) => {
        const seq = await journal.append(draft);
        nudged();
        return seq;
      },
      end(ref, totals) {
        journal.end(ref, totals);
        nudged();
      },
      close: () => journal.close(),
    },
    labels: start.labels,
    resolve: start.resolve,
    upstreamCa: start.upstreamCa,
    router,
    now: steadyNow,
    exceptionUses: openExceptionUses({ dir: start.exceptionUses, keepMs: EXCEPTION_USES_KEPT_MS, now: steadyNow }),
    onAgentRequest: (request) => send({ type: "agentRequest", request }),
    onProblem: problem,
  });
  /** What is in force, with the text it was made of: a plan names most policies again as they were. */
  const served = new Map<string, { yaml: string; policy: CompiledPolicy; digest: string }>();
  const inForceOf = (id: string, { yaml, digest, generation }: ServedPolicy): PolicyInForce => {
    const known = [served.get(id), ...served.values()].find((each) => each?.digest === digest && each.yaml === yaml);
    const policy = known?.policy ?? compile({ yaml, digest });
    served.set(id, { yaml, policy, digest });
    return { policy, policyDigest: digest, generation };
  };
  const { info, models, protocols } = backend;
  send({
    type: "ready",
    boot: journal.boot,
    model: { info, name: models[0] ?? info.name, protocols: agentProtocols.filter((each) => protocols.includes(each)) },
  });

  type Asked = Exclude<ToGateway, { type: "start" | "traffic" | "agentAnswers" }>;
  const act = async (message: Asked): Promise<void> => {
    if (message.type === "remove") {
      served.delete(message.id);
      credentials.forget(message.id);
      return await gateway.remove(message.id);
    }
    if (message.type === "setGeneration") {
      const known = served.get(message.id);
      if (known?.digest !== message.digest) throw new Error("Another policy is in force than the one the plan names.");
      if (gateway.sandboxes().includes(message.id))
        gateway.setPolicy(message.id, {
          policy: known.policy,
          policyDigest: known.digest,
          generation: message.generation,
        });
      return;
    }
    if (message.type === "setPolicy") {
      const inForce = inForceOf(message.id, message.policy);
      // Nothing leaves a sandbox that is not served; whoever serves it later brings the policy that is wanted then.
      const { bounds, exceptions } = message.policy;
      const may = credentials.of({ id: message.id, ...message.policy });
      if (gateway.sandboxes().includes(message.id))
        gateway.setPolicy(message.id, { ...inForce, bounds, credentials: may, exceptions });
      return;
    }
    const { id, name, runDir, caCert, caKey, bounds, exceptions } = message.sandbox;
    const inForce = inForceOf(id, message.sandbox);
    const [certificatePem, keyPem] = await Promise.all([readFile(caCert, "utf8"), readFile(caKey, "utf8")]);
    if (gateway.sandboxes().includes(id)) await gateway.remove(id);
    await gateway.add({
      ...{ id, name, network: { runDir }, ca: { certificatePem, keyPem }, bounds },
      ...inForce,
      credentials: credentials.of(message.sandbox),
      exceptions,
    });
  };
  /** What is asked of one sandbox happens in the order asked: a policy that comes while it is being added waits for that. */
  const lanes = new Map<string, Promise<void>>();
  const inTurn = (message: Asked): Promise<void> => {
    const id = message.type === "add" ? message.sandbox.id : message.id;
    const turn = (lanes.get(id) ?? Promise.resolve()).then(() => act(message));
    const settled = turn.catch(() => undefined);
    lanes.set(id, settled);
    void settled.then(() => lanes.get(id) === settled && lanes.delete(id));
    return turn;
  };
  return {
    async take(raw) {
      const message = toGatewaySchema.parse(raw);
      if (message.type === "start") return;
      if (message.type === "agentAnswers") return gateway.answerAgents(message.answers);
      if (message.type === "traffic")
        return send({ type: "traffic", call: message.call, traffic: gateway.traffic(message.id) });
      const error = await inTurn(message).then(() => null, reasonOf);
      send({ type: "done", call: message.call, error });
    },
    async close() {
      await gateway.close();
      await router.close();
    },
  };
}

function compile({ yaml, digest }: { yaml: string; digest: string }): CompiledPolicy {
  const { policy } = parsePolicy(yaml);
  if (!policy) throw new Error("The policy does not parse; the one in force stays.");
  if (policyDigest(policy) !== digest)
    throw new Error("The policy is not the one its digest names; the one in force stays.");
  return compilePolicy(policy);
}
