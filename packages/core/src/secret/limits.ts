import { CREDENTIAL_NAME } from "@creel/protocol";
import { z } from "zod";

/** The gateway puts values of up to 16 Ki characters in, and a plan has to carry many of them. */
export const VALUE_BYTES_MAX = 16 * 1024;
/** Shorter ones stand in answers by chance, so the gateway cannot take them out of what comes back. */
export const VALUE_CHARS_MIN = 8;
/** A month: whoever still needs the old value by then has two secrets. */
export const OVERLAP_MINUTES_MAX = 31 * 24 * 60;
/** Time for what is under way with the old value to end. */
export const OVERLAP_MINUTES_DEFAULT = 60;
/** More bindings than an org can look through are labels that nobody gave. */
export const BINDINGS_MAX = 1_000;
/** What one sweep ends; the rest is the next one's. */
export const SWEEP_MAX = 200;
/** `last_used_at` is written this often at most, and not once a request. */
export const USE_TOUCH_MS = 10_000;

export const nameSchema = z
  .string()
  .regex(
    CREDENTIAL_NAME,
    "use 1 to 128 of A-Z, a-z, 0-9 and _, not starting with a digit, as an environment has names",
  );
export const descriptionSchema = z.string().trim().max(512);

/** No message of these quotes what was given. */
export const valueSchema = z
  .string()
  .min(VALUE_CHARS_MIN, `a value has at least ${VALUE_CHARS_MIN} characters: a shorter one cannot be found in answers`)
  .refine((value) => Buffer.byteLength(value) <= VALUE_BYTES_MAX, `a value has at most ${VALUE_BYTES_MAX} bytes`)
  .refine((value) => !value.includes("\0"), "a value holds no zero byte")
  .refine(
    (value) => Buffer.from(value, "utf8").toString("utf8") === value,
    "a value is text without broken characters",
  );
