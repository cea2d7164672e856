import { createSealer } from "@creel/core";
import { listenEvents, openDb } from "@creel/db";
import { createJobQueue } from "@creel/queue";
import { env } from "../env.ts";
import { readDeployment } from "./deployment.ts";
import { type Runtime, setRuntime } from "./runtime.ts";
import { EventHub } from "./sse/event-hub.ts";
import { ssoWorld } from "./sso/world.ts";

const open = async (): Promise<Runtime> => {
  const settings = env();
  const events = new EventHub();
  const db = openDb({ appUrl: settings.databaseAppUrl, systemUrl: settings.databaseSystemUrl });
  const jobs = await createJobQueue({
    postgresUrl: settings.databaseQueueUrl,
    redisUrl: settings.redisUrl,
    onError: (error) => console.error(JSON.stringify({ level: "error", operation: "queue", cause: error.message })),
  });
  // One listener for all streams of this process, over the role that can read nothing but ids in an event.
  await listenEvents(settings.databaseAppUrl, (event) => events.publish(event));
  // A stream stays open as long as its reader likes, and the server waits for its streams before it ends.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => events.close());
  return {
    db,
    jobs,
    events,
    seal: createSealer(settings.masterKeyFile),
    deployment: readDeployment(settings),
    noticeHosts: settings.noticeHosts,
    founders: settings.founders,
    sso: ssoWorld(settings),
  };
};

/** Opens everything once. A process that cannot open its database ends with the reason, so that its supervisor tries again. */
export const openRuntime = (): void => {
  const opening = open();
  setRuntime(opening);
  opening.catch((error: unknown) => {
    console.error(`creel web: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  });
};
