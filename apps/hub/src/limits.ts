/** Every bound of the hub. A node is trusted for its own sandboxes only, and whoever reaches the port is nobody yet. */

/** `hello` follows the handshake at once; who waits longer holds a slot for nothing. */
export const HELLO_MS_MAX = 5_000;
/** An enrolment holds a secret, a certificate request and the host's capabilities. */
export const ENROLL_BODY_BYTES_MAX = 256 * 1024;
/** Enrolments one address may try, and all together: a secret has 256 bits, so this bounds work, not guessing. */
export const ENROLL_PER_ADDRESS = { burst: 20, perMinute: 20 };
export const ENROLL_OVERALL = { burst: 200, perMinute: 200 };
/** Addresses the limiter remembers; the oldest is forgotten first. */
export const LIMITER_KEYS_MAX = 10_000;
/** Slow request heads and bodies are cut. */
export const HEADERS_MS_MAX = 10_000;
export const REQUEST_MS_MAX = 20_000;
/** Messages of one node waiting for the database before its socket is no longer read. */
export const QUEUED_MESSAGES_MAX = 32;
/** A node that does not read what we send is cut before it fills this process: one desired state of 1000 policies still fits. */
export const SEND_BUFFERED_BYTES_MAX = 64 * 1024 * 1024;
/** Commands handed to one node in one go; more follow on the next event. */
export const COMMANDS_PER_WAKE_MAX = 32;
export const SWEEP_INTERVAL_MS = 10_000;
/** How long a stopping hub waits for messages already taken. */
export const SHUTDOWN_MS_MAX = 10_000;
/** A revoked node is cut by an event, or by its next heartbeat; this finds a certificate that merely ran out. */
export const RECHECK_INTERVAL_MS = 60_000;
/** Handshakes without a good certificate that one address may try: each costs a database query. */
export const REFUSED_PER_ADDRESS = { burst: 60, perMinute: 60 };
