/**
 * Reads a JSON column as the type its only writers put in: every write of these columns goes through a verb that parsed
 * the value with the schema of that type.
 */
export const stored = <T>(value: unknown): T => value as T;
export const storedOrNull = <T>(value: unknown): T | null => (value === null ? null : stored<T>(value));
export const iso = (at: Date): string => at.toISOString();
/** For a sentence that people read. */
export const toTheMinute = (at: Date): string => `${iso(at).slice(0, 16).replace("T", " ")} UTC`;
export const isoOrNull = (at: Date | null): string | null => at?.toISOString() ?? null;
/** `update … returning` and `select` by key answer one row or none. */
export const first = <T>(rows: readonly T[]): T | null => rows[0] ?? null;
