/** Postgres says what was violated in `code` and `constraint_name`; the query builder wraps that error in its own. */
function postgresError(error: unknown): { code: string; constraint: string | null } | null {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++)
    if ("code" in at && typeof at.code === "string" && /^[0-9A-Z]{5}$/.test(at.code))
      return {
        code: at.code,
        constraint: "constraint_name" in at && typeof at.constraint_name === "string" ? at.constraint_name : null,
      };
  return null;
}

const UNIQUE_VIOLATION = "23505";

/** True when the write failed because the constraint or unique index of this name already holds such a row. */
export function violatesUnique(error: unknown, constraint: string): boolean {
  const found = postgresError(error);
  return found?.code === UNIQUE_VIOLATION && found.constraint === constraint;
}
