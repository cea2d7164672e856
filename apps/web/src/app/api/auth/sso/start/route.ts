import { startSso } from "../../../../../server/sso/start.ts";

export const dynamic = "force-dynamic";

export const GET = (request: Request): Promise<Response> => startSso(request);
