/** From the button to the answer: a person types a password and a code at the provider. */
export const TICKET_MS_MAX = 10 * 60 * 1000;
/** One request to a provider: a person waits for it. */
export const REQUEST_MS_MAX = 10_000;
/** Metadata and key sets are a few KiB; more is not what was asked for. */
export const ANSWER_BYTES_MAX = 1024 * 1024;
/** Two clocks that are kept, with room; more would let an ended token live on. */
export const CLOCK_SKEW_SECONDS_MAX = 300;
export const CLOCK_SKEW_SECONDS_DEFAULT = 30;
/** How long ago a person may have typed their password at the provider when we ask them to prove who they are. */
export const PROVE_AGE_SECONDS_MAX = 300;
/** Groups that a person maps by hand and still oversees. */
export const MAPPINGS_MAX = 100;
export const DOMAINS_MAX = 50;
/** Of a claim's values, those that are looked at: beyond it a token would not fit a header. */
export const CLAIM_VALUES_MAX = 1_000;
/** OpenID Connect Core 2: a subject has at most 255 ASCII characters. */
export const SUBJECT_CHARS_MAX = 255;
export const ISSUER_CHARS_MAX = 512;
/** What a browser brings back: a code, a state and an issuer. */
export const ANSWER_CHARS_MAX = 8_192;
