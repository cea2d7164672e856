import { z } from "zod";
import { CreelError } from "../errors/errors.ts";
import type { SubjectKind } from "../peopleViews.ts";

/** Exactly one of these says whom a grant is for. */
export const subjectFields = {
  userId: z.uuid().optional(),
  teamId: z.uuid().optional(),
  serviceAccountId: z.uuid().optional(),
};

export function subjectOf(input: {
  userId?: string | undefined;
  teamId?: string | undefined;
  serviceAccountId?: string | undefined;
}): { kind: SubjectKind; id: string } {
  const kinds = [
    ["user", input.userId],
    ["team", input.teamId],
    ["service_account", input.serviceAccountId],
  ] as const;
  const named = kinds.flatMap(([kind, id]) => (id === undefined ? [] : [{ kind, id }]));
  const [only] = named;
  if (only === undefined || named.length > 1)
    throw new CreelError("invalid_input", "Name exactly one of userId, teamId and serviceAccountId.");
  return only;
}
