import { randomUUID } from "node:crypto";
import type { Actor, Ctx } from "@creel/core";
import type { Runtime } from "./runtime.ts";

/** A caller's own id is kept when it is harmless, so that a request can be followed through a proxy's log. */
const REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;

export const requestIdOf = (headers: Headers): string => {
  const given = headers.get("x-request-id");
  return given && REQUEST_ID.test(given) ? given : randomUUID();
};

/** The context of one request; `source` names the transport, because behind a proxy no address here could be believed. */
export const makeCtx = (
  runtime: Runtime,
  from: { actor: Actor | null; requestId: string; source: "web" | "api" },
): Ctx => ({
  actor: from.actor,
  db: runtime.db,
  jobs: runtime.jobs,
  seal: runtime.seal,
  deployment: runtime.deployment,
  noticeHosts: runtime.noticeHosts,
  founders: runtime.founders,
  sso: runtime.sso,
  clock: () => new Date(),
  requestId: from.requestId,
  source: from.source,
});
