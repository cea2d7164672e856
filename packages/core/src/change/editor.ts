import { and, desc, eq, type Tx, tables } from "@creel/db";
import { first } from "../stored.ts";

export interface Editor {
  /** The person or the key. */
  id: string | null;
  label: string;
}

/**
 * Who wrote what a change says now, where that is not who proposed it: whoever decides, and whoever reads what was applied, must
 * not take somebody's text for another's. By the audit trail, which nobody rewrites.
 */
export async function lastEditorOf(
  tx: Tx,
  change: { orgId: string; id: string; revision: number },
): Promise<Editor | null> {
  if (change.revision === 1) return null;
  const a = tables.auditEvents;
  const of = and(eq(a.orgId, change.orgId), eq(a.resourceKind, "change"), eq(a.resourceId, change.id));
  const newest = async (action: string): Promise<Editor | null> =>
    first(
      await tx
        .select({ id: a.actorId, label: a.actorLabel })
        .from(a)
        .where(and(of, eq(a.action, action)))
        .orderBy(desc(a.id))
        .limit(1),
    );
  const [author, editor] = [await newest("change.propose"), await newest("change.edit")];
  return editor === null || editor.id === author?.id ? null : editor;
}

/** How what a change made is signed. */
export const signedBy = (author: string, editor: Editor | null): string =>
  editor === null ? author : `${author}, edited by ${editor.label}`;
