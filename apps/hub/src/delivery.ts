import type { CreelEvent } from "@creel/db";
import type { JobQueue } from "@creel/queue";
import type { Logger } from "pino";
import type { Connection } from "./node/connection.ts";
import type { Registry } from "./node/registry.ts";

/** Wakes the connections of this process that an event may concern. Events only hint: each connection asks the database itself. */
export function createDelivery(options: {
  registry: Registry;
  jobs: JobQueue;
  log: Logger;
}): (event: CreelEvent) => void {
  const { registry, jobs, log } = options;
  const run = (what: string, task: Promise<void>) =>
    void task.catch((error: unknown) =>
      log.warn({ err: error, what }, "could not deliver; the sweeper or the node's next hello will"),
    );
  const concerned = (event: Exclude<CreelEvent, { topic: "*" }>): Connection[] => {
    const one = event.id ? registry.get(event.id) : undefined;
    // An id may also name a plan or a command; then the org's nodes on this hub look for themselves.
    return one ? [one] : registry.inOrg(event.orgId);
  };

  return (event) => {
    if (event.topic === "*") {
      for (const connection of registry.all()) {
        run("plan", connection.syncDesired());
        run("command", connection.sendCommands());
        run("answers", connection.sendAnswers());
        run("trust", connection.recheck());
      }
    } else if (event.topic === "plans")
      for (const connection of concerned(event)) {
        run("plan", connection.syncDesired());
        run("answers", connection.sendAnswers());
      }
    // An answer of a person, and a change that ended without being approved. Who waits for nothing asks nothing.
    else if (event.topic === "exceptions" || event.topic === "changes")
      for (const connection of registry.inOrg(event.orgId)) run("answers", connection.sendAnswers());
    else if (event.topic === "commands")
      for (const connection of concerned(event)) run("command", connection.sendCommands());
    else if (event.topic === "notices" && event.id)
      // Every hub hears it and asks; who sends is decided when it is claimed.
      run("notice", jobs.enqueue("notice.deliver", { orgId: event.orgId, deliveryId: event.id }, { jobId: event.id }));
    else if (event.topic === "nodes" && event.id) {
      const connection = registry.get(event.id);
      if (connection) run("trust", connection.recheck());
    }
  };
}
