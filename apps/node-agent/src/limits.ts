/** Every bound of the node agent. */
import { EXCEPTION_SECONDS_MAX } from "@creel/protocol";

/** One journal frame: under the wire's limit with room for the envelope. */
export const JOURNAL_FRAME_BYTES_MAX = 2 * 1024 * 1024;
/** Without an acknowledgement for this long the batch is sent again; the hub stores it once. */
export const JOURNAL_ACK_MS_MAX = 30_000;
/** The gateway nudges after each write; this finds what was written while no nudge could come. */
export const JOURNAL_POLL_MS = 1_000;
/** How often the ends of the sandboxes' logs are looked at. */
export const LOG_POLL_MS = 250;
/** One piece of output: half the wire's limit, as a replaced byte grows to three. */
export const LOG_PIECE_BYTES_MAX = 32 * 1024;
/** Output waiting beyond this is skipped and counted: the lane may drop, the sandbox must not be slowed. */
export const LOG_BACKLOG_BYTES_MAX = 1024 * 1024;
/** The gateway answers a policy change after swapping one object; longer means that it hangs. */
export const GATEWAY_ANSWER_MS_MAX = 10_000;
/** A gateway that starts loads its code and detects the model. */
export const GATEWAY_READY_MS_MAX = 30_000;
export const GATEWAY_RESTART_MS = { firstMs: 50, lastMs: 5_000 };
/** Between tries of a sandbox that cannot be launched at all, on top of its own delay. */
export const LAUNCH_RETRY_MS = { firstMs: 1_000, lastMs: 60_000 };
/** Time an agent gets between TERM and KILL. */
export const STOP_GRACE_MS = 5_000;
/** A kill waits this long for the gateway to cut the sandbox off before the kernel ends it; a gateway that hangs must not delay it. */
export const KILL_CUT_MS_MAX = 100;
/** A shim that has not ended its sandbox by then is ended itself, and the kernel takes the rest with it. */
export const KILL_SHIM_MS_MAX = 400;
/** Bounds on time are looked at this often at least, so that a host that slept or whose clock was set is noticed. */
export const BOUND_CHECK_MS = 15_000;
/** Commands running in sandboxes at once; more wait at the hub. */
export const EXECS_MAX = 16;
export const SHUTDOWN_MS_MAX = 5_000;
/** The first hello waits this long for the gateway to say which model it found. */
export const MODEL_KNOWN_MS_MAX = 8_000;
/** How often the place up to which output was sent is kept on disk; after a crash at most this much is sent twice. */
export const LOG_SENT_SAVE_MS = 2_000;
/** Longer than any exception lasts, so that a use is forgotten only when its exception has ended whatever the clock did meanwhile. */
export const EXCEPTION_USES_KEPT_MS = 2 * EXCEPTION_SECONDS_MAX * 1000;
