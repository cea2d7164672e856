import { EXCEPTION_SECONDS_MAX } from "@creel/protocol";
import { z } from "zod";

/** Shorter than this has ended before anybody has used it. */
const SECONDS_MIN = 60;
/** Sandboxes of one grant: those that ran into the same denial. */
export const SANDBOXES_PER_GRANT_MAX = 50;
/** One that is for once and is not used ends by itself. */
export const ONCE_SECONDS_DEFAULT = 24 * 3600;

export const secondsSchema = z.number().int().min(SECONDS_MIN).max(EXCEPTION_SECONDS_MAX);
