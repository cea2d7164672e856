import type { Tx } from "@creel/db";
import type { AuditEntry } from "../audit/entry.ts";
import { labelsOfThing } from "./labels.ts";
import { postNotice } from "./post.ts";
import { isNoticeTopic, pageOf, topics } from "./topics.ts";

const VALUE_CHARS_MAX = 200;
const FACTS_MAX = 8;

/** Tells people of what an audit row says, in the same transaction. */
export async function tellOfAudit(
  tx: Tx,
  at: { orgId: string; at: Date; by: string },
  entry: AuditEntry,
): Promise<void> {
  if (!isNoticeTopic(entry.action)) return;
  const { kind, says } = topics[entry.action];
  const { resource } = entry;
  const facts = Object.entries(entry.changes ?? {})
    .flatMap(([label, { to }]) => (isWord(to) ? [{ label, value: String(to).slice(0, VALUE_CHARS_MAX) }] : []))
    .slice(0, FACTS_MAX);
  await postNotice(tx, {
    orgId: at.orgId,
    topic: entry.action,
    kind,
    labels: await labelsOfThing(tx, at.orgId, resource),
    title: `${resource.kind} ${resource.label} ${says}`,
    text: `By ${at.by}.`,
    facts,
    path: pageOf(resource),
    at: at.at,
    userIds: entry.toldOnly,
  });
}

const isWord = (value: unknown): value is string | number | boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";
