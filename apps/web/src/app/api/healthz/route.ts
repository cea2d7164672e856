import { runtime } from "../../../server/runtime.ts";

export const dynamic = "force-dynamic";

/** Answers once the process has its database open; says nothing more, because nobody has signed in. */
export const GET = async (): Promise<Response> => {
  try {
    await runtime();
    return Response.json({ ok: true }, { headers: { "cache-control": "no-store" } });
  } catch {
    return Response.json({ ok: false }, { status: 503, headers: { "cache-control": "no-store" } });
  }
};
