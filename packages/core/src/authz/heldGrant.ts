import { isoOrNull } from "../stored.ts";
import type { HeldGrant } from "../views.ts";
import type { Grant } from "./grant.ts";

export const toHeldGrant = ({ role, scope, via, expiresAt }: Grant): HeldGrant => ({
  role,
  scope,
  via,
  expiresAt: isoOrNull(expiresAt),
});
