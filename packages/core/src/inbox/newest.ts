import { eq, type Tx, tables } from "@creel/db";
import { first } from "../stored.ts";

/**
 * The org's newest decision. Cursors are committed in their order: whatever is stored after this was read has a greater one, whatever time
 * a node gives it.
 */
export async function newestCursor(tx: Tx, orgId: string): Promise<number> {
  const { decisionCursors: c } = tables;
  return first(await tx.select({ value: c.value }).from(c).where(eq(c.orgId, orgId)))?.value ?? 0;
}
