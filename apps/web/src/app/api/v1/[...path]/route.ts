import { dispatch } from "../../../../server/rest/dispatch.ts";

export const dynamic = "force-dynamic";

const handle = async (request: Request, context: { params: Promise<{ path: string[] }> }): Promise<Response> =>
  dispatch(request, (await context.params).path);

export { handle as DELETE, handle as GET, handle as POST, handle as PUT };
