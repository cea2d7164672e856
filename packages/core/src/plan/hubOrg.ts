import type { NodeActor, SystemActor } from "../context.ts";
import { CreelError, notFound } from "../errors/errors.ts";

/** The org a hub's verb works in: a node's own, or the one a job names. */
export function hubOrg(actor: NodeActor | SystemActor, orgId: string | undefined): string {
  if (actor.kind === "node") {
    if (orgId !== undefined && orgId !== actor.orgId) throw notFound();
    return actor.orgId;
  }
  if (orgId === undefined) throw new CreelError("invalid_input", "orgId: the system must name the org it acts in.");
  return orgId;
}
