import { waysInto } from "../../../../../server/sso/ways.ts";

export const dynamic = "force-dynamic";

export const POST = (request: Request): Promise<Response> => waysInto(request);
