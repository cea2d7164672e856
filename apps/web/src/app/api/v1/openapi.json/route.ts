import { env } from "../../../../env.ts";
import { openApiDocument } from "../../../../server/rest/openapi.ts";

export const dynamic = "force-dynamic";

/** Open to all: it describes the calls and holds nothing of anybody. */
export const GET = (): Response => Response.json(openApiDocument(env().webUrl));
