import { actorOfSession, parseCookies, sessionTokenFrom } from "../../../../server/auth/session.ts";
import { logIfUnforeseen, problemResponse } from "../../../../server/errors/problem.ts";
import { exportAudit } from "../../../../server/export/audit-export.ts";
import { makeCtx, requestIdOf } from "../../../../server/request-ctx.ts";
import { runtime } from "../../../../server/runtime.ts";

export const dynamic = "force-dynamic";

/** The download of the audit page, by the sign-in of whoever looks at it. It reads; another site's page that names it learns nothing. */
export const GET = async (request: Request): Promise<Response> => {
  const requestId = requestIdOf(request.headers);
  try {
    const nobody = makeCtx(await runtime(), { actor: null, requestId, source: "web" });
    const token = await sessionTokenFrom({ cookies: parseCookies(request.headers.get("cookie")) });
    const revalidate = () => actorOfSession(nobody, token);
    return await exportAudit(request, { ctx: { ...nobody, actor: await revalidate() }, revalidate });
  } catch (error) {
    logIfUnforeseen(error, { requestId, operation: "GET /audit/export" });
    return problemResponse(error, requestId);
  }
};
