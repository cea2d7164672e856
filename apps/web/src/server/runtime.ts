import type { Ctx, Deployment, Sealer, SsoWorld } from "@creel/core";
import type { Db } from "@creel/db";
import type { JobQueue } from "@creel/queue";
import type { EventHub } from "./sse/event-hub.ts";

/** What the process opened once and every request shares. */
export interface Runtime {
  db: Db;
  jobs: JobQueue;
  seal: Sealer;
  events: EventHub;
  deployment: Deployment | undefined;
  noticeHosts: readonly string[];
  founders?: Ctx["founders"];
  sso?: SsoWorld | undefined;
}

/**
 * Next bundles pages, routes and instrumentation apart, so a module's own variable may exist more than once in a process;
 * the global object exists once.
 */
const slot = Symbol.for("creel.web.runtime");
const holder = globalThis as { [slot]?: Promise<Runtime> };

export const setRuntime = (opened: Promise<Runtime>): void => {
  holder[slot] = opened;
};

export const runtime = (): Promise<Runtime> => {
  const opened = holder[slot];
  if (!opened) throw new Error("creel web: a request came before the database was opened");
  return opened;
};
