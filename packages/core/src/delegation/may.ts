import type { Grant } from "../authz/grant.ts";

/** Over something at least. */
export const mayVoteAnywhere = (grants: readonly Grant[]): boolean =>
  grants.some(({ permissions }) => permissions.has("change:approve"));
