import type { Labels } from "@creel/approvals";
import { type Grant, mayOn } from "../authz/grant.ts";
import type { Action, ResourceKind } from "../authz/roles.ts";
import type { ApiKeyActor, UserActor } from "../context.ts";
import { forbidden, notFound } from "../errors/errors.ts";
import { heldOver } from "./electorate.ts";

interface Need {
  action: Action;
  on: ResourceKind;
  touches: readonly Labels[];
}

/** True where these grants cover each thing touched, or, where nothing labelled is touched, the whole org. */
export const mayOver = (grants: readonly Grant[], { action, on, touches }: Need): boolean =>
  touches.length === 0
    ? heldOver(grants, []).permissions.includes(`${on}:${action}`)
    : touches.every((labels) => mayOn(grants, { action, kind: on, labels }));

/** After the look-up: what may not even be read is not found. */
export function authorizeOver(actor: UserActor | ApiKeyActor, need: Need): void {
  if (mayOver(actor.grants, need)) return;
  throw mayOver(actor.grants, { ...need, action: "read" }) ? forbidden() : notFound();
}
