import type { Ctx, UserActor } from "@creel/core";
import { cookies, headers } from "next/headers";
import { redirect } from "next/navigation";
import { cache } from "react";
import { PAGE_HEADER } from "../../lib/page-header.ts";
import { paths } from "../../lib/paths.ts";
import { makeCtx, requestIdOf } from "../request-ctx.ts";
import { runtime } from "../runtime.ts";
import { actorOfSession, sessionTokenFrom } from "./session.ts";

/** Who is looking at this page; asked once per request however many parts of it ask. */
export const pageCtx = cache(async (): Promise<Ctx> => {
  const jar = await cookies();
  const requestId = requestIdOf(await headers());
  const nobody = makeCtx(await runtime(), { actor: null, requestId, source: "web" });
  const token = await sessionTokenFrom({ cookies: Object.fromEntries(jar.getAll().map((c) => [c.name, c.value])) });
  return { ...nobody, actor: await actorOfSession(nobody, token) };
});

/** For pages behind the sign-in: the person, or a redirect to the sign-in page. */
export const requirePerson = async (): Promise<{ ctx: Ctx; person: UserActor }> => {
  const ctx = await pageCtx();
  if (ctx.actor?.kind !== "user") redirect(paths.signIn((await headers()).get(PAGE_HEADER) ?? undefined));
  return { ctx, person: ctx.actor };
};
