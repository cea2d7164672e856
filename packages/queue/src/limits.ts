/** A job is a nudge and the sweeper nudges again, so few tries and a short memory are enough. */
export const JOB_DEFAULTS = {
  attempts: 5,
  backoff: { type: "exponential", delay: 200 },
  // An id that is still remembered swallows a repeat; a plan's repeat must come through.
  removeOnComplete: true,
  removeOnFail: { count: 1_000 },
} as const;
