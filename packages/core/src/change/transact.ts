import { ContentionError, type Tx, withOrgSerializable } from "@creel/db";
import type { Ctx } from "../context.ts";
import { CreelError } from "../errors/errors.ts";

/** A serialisable transaction whose defeat by others is an answer and no failure. */
export async function serializably<T>(ctx: Ctx, orgId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await withOrgSerializable(ctx.db, orgId, work);
  } catch (error) {
    if (error instanceof ContentionError)
      throw new CreelError("conflict", "Others were changing the same at this moment. Look again, and try again.", {
        cause: error,
      });
    throw error;
  }
}
