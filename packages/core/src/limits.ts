import { isVisible } from "@creel/policy/visible";
import { z } from "zod";
import { PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN } from "./bounds.ts";

export { MESSAGE_CHARS_MAX } from "./bounds.ts";

/** One page of a table: what a screen shows, and the most one call may cost. */
export const PAGE_DEFAULT = 50;
export const PAGE_MAX = 500;
/** Log pieces of one answer: at 64 KiB each this stays under 16 MiB. */
export const LOG_PAGE_MAX = 200;
/** What is kept of one sandbox's output in the database; the node keeps the file. */
export const LOG_KEEP_BYTES = 4 * 1024 * 1024;
/** A week of minutes: the widest chart there is. */
export const TIMELINE_MINUTES_MAX = 7 * 24 * 60;
/** A join secret that lies around is a hole: one hour is enough to paste it into a shell. */
export const ENROLL_TTL_MINUTES_MAX = 60;

/** Names of things as they stand in URLs, host names and file names. */
export const slugSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "use 1 to 63 of a-z, 0-9 and -, not starting with -");
/** Names that people give and others read: one line, and nothing in it that nobody sees. */
export const visibleNameSchema = (charsMax: number) =>
  z.string().trim().min(1, "give it a name").max(charsMax).refine(isVisible, "use characters that can be seen");
export const passwordSchema = z
  .string()
  .min(PASSWORD_CHARS_MIN, `use at least ${PASSWORD_CHARS_MIN} characters`)
  .max(PASSWORD_CHARS_MAX);
/** A decision's cursor as text. */
export const decisionIdSchema = z.string().regex(/^[0-9]{1,15}$/, "a decision id is a number");
