import { and, desc, eq, type Tx, tables } from "@creel/db";
import type { DecisionRecord, FlowEnd, JournalEntry } from "@creel/protocol";
import type { NodeActor } from "../context.ts";

export interface OwnDecision {
  boot: string;
  sandboxId: string;
  record: DecisionRecord;
}
export interface OwnFlow {
  boot: string;
  flow: FlowEnd;
}

/** Parts a batch into what this node may say and how much it may not. */
export async function sortJournal(
  tx: Tx,
  actor: NodeActor,
  entries: readonly JournalEntry[],
): Promise<{ decisions: OwnDecision[]; flows: OwnFlow[]; refused: number }> {
  const idOf = await ownSandboxes(tx, actor);
  const decisions: OwnDecision[] = [];
  const flows: OwnFlow[] = [];
  let refused = 0;
  for (const entry of entries) {
    if (entry.type === "flow_end") {
      flows.push({ boot: entry.boot, flow: entry.flow });
      continue;
    }
    const sandboxId = idOf.get(entry.record.sandbox);
    if (sandboxId === undefined) refused++;
    else decisions.push({ boot: entry.boot, sandboxId, record: entry.record });
  }
  return { decisions, flows, refused };
}

/** By id and by name, removed ones too: their last decisions arrive after them. Of one name the newest counts. */
async function ownSandboxes(tx: Tx, { orgId, nodeId }: NodeActor): Promise<Map<string, string>> {
  const t = tables.sandboxes;
  const rows = await tx
    .select({ id: t.id, name: t.name })
    .from(t)
    .where(and(eq(t.orgId, orgId), eq(t.nodeId, nodeId)))
    .orderBy(desc(t.id));
  const idOf = new Map<string, string>();
  for (const { id, name } of rows) {
    idOf.set(id, id);
    if (!idOf.has(name)) idOf.set(name, id);
  }
  return idOf;
}
