import NextAuth from "next-auth";
import { authOptions } from "../../../../server/auth/options.ts";

export const dynamic = "force-dynamic";

/** Settings are read per request, because `next build` imports this file without any. */
const handle = (request: Request, context: { params: Promise<{ nextauth: string[] }> }): Promise<Response> =>
  NextAuth(authOptions())(request, context);

export { handle as GET, handle as POST };
