import { finishSso } from "../../../../../../server/sso/callback.ts";

export const dynamic = "force-dynamic";

export const GET = async (request: Request, { params }: { params: Promise<{ orgId: string }> }): Promise<Response> =>
  await finishSso(request, (await params).orgId);
