import { readFileSync } from "node:fs";
import { compilePolicy, parsePolicy, policyDigest } from "@creel/policy";
import { createGateway, createJournal, type SandboxCa } from "../../packages/gateway/src/index.ts";

export interface CreelInput {
  policy: string;
  resolve: Record<string, string>;
  upstreamCa: string;
  journalDir: string;
  sandboxes: { id: string; runDir: string; ca: SandboxCa }[];
}

export const pssKib = (pid: number): number =>
  Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]);

/** What the node's gateway process does, with its journal on disk and identities from the shims. */
export async function creel(input: CreelInput): Promise<{ ready: true; pssBefore: number; pssAfter: number }> {
  const { policy, problems } = parsePolicy(input.policy);
  if (policy === null) throw new Error(JSON.stringify(problems));
  const compiled = compilePolicy(policy);
  const gateway = createGateway({
    journal: createJournal({ dir: input.journalDir }),
    labels: { org: "bench", node: "bench" },
    resolve: input.resolve,
    upstreamCa: [input.upstreamCa],
    onProblem: (problem) => void process.stderr.write(`gateway: ${problem}\n`),
  });
  const [warm, ...others] = input.sandboxes;
  const add = (sandbox: CreelInput["sandboxes"][number]) => {
    const { id, runDir, ca } = sandbox;
    const inForce = { policy: compiled, policyDigest: policyDigest(policy), generation: 1 };
    return gateway.add({ id, name: id, ca, network: { runDir }, ...inForce });
  };
  if (warm !== undefined) await add(warm);
  const pssBefore = pssKib(process.pid);
  for (const sandbox of others) await add(sandbox);
  return { ready: true, pssBefore, pssAfter: pssKib(process.pid) };
}
