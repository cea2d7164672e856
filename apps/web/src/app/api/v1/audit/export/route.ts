import { auth } from "@creel/core";
import { logIfUnforeseen, problemResponse } from "../../../../../server/errors/problem.ts";
import { exportAudit } from "../../../../../server/export/audit-export.ts";
import { requestIdOf } from "../../../../../server/request-ctx.ts";
import { bearerOf, restCtx } from "../../../../../server/rest/dispatch.ts";

export const dynamic = "force-dynamic";

/** The audit trail for a program, by API token. */
export const GET = async (request: Request): Promise<Response> => {
  const requestId = requestIdOf(request.headers);
  try {
    const ctx = await restCtx(request, requestId);
    const token = bearerOf(request.headers);
    const revalidate = async () => (token === null ? null : await auth.resolveApiToken({ ctx, input: { token } }));
    return await exportAudit(request, { ctx, revalidate });
  } catch (error) {
    logIfUnforeseen(error, { requestId, operation: "GET /audit/export" });
    return problemResponse(error, requestId);
  }
};
