/** Every bound of the egress path. The sandbox is hostile: what it can make grow must end somewhere, and each end is named here. */

/** Largest request head. Agents stay under 4 KiB; more is an attack on memory or on a lenient upstream parser. */
export const HEADER_BYTES_MAX = 16 * 1024;
export const HEADER_COUNT_MAX = 200;
/** An answer's head: some servers send dozens of cookies and a policy for each. */
export const UPSTREAM_HEAD_BYTES_MAX = 4 * HEADER_BYTES_MAX;
/** Answers before the answer (100, 103); servers send one or two. */
export const INTERIM_ANSWERS_MAX = 16;
/** Open TCP connections of one sandbox; two descriptors each keep a host under the usual limit of 20,000. */
export const SOCKETS_PER_SANDBOX_MAX = 512;
/** Connections that have not shown their first bytes or finished TLS yet. */
export const PENDING_HANDSHAKES_MAX = 128;
/** Lines about connections above those bounds that wait to be written. */
export const OVERFLOW_REFUSALS_WAITING_MAX = 128;
/** A client that speaks first does so at once; the rest is a held slot. */
export const FIRST_BYTES_TIMEOUT_MS = 10_000;
export const HANDSHAKE_TIMEOUT_MS = 10_000;
/**
 * Identity is known before `connect()` returns, and a shim that is gone says so by closing. One that digests a large program on a busy
 * machine lets others wait for seconds: denied for that, honest programs would fail at random.
 */
export const IDENTITY_TIMEOUT_MS = 10_000;
/** Nothing in either direction for this long ends a flow. There is no total time-out: models stream for hours. */
export const FLOW_IDLE_TIMEOUT_MS = 600_000;
/** A connection without a request in flight. */
export const KEEP_ALIVE_TIMEOUT_MS = 120_000;
/** From a head's first byte to its last; a program writes it in one go. */
export const REQUEST_HEAD_TIMEOUT_MS = 60_000;
/** Requests of one connection that are not answered yet. apt sends ten ahead, others none; each waits in our memory for its turn. */
export const REQUESTS_PIPELINED_MAX = 32;
/** Their heads together; ten of apt's are 4 KiB. */
export const REQUESTS_PIPELINED_BYTES_MAX = 4 * HEADER_BYTES_MAX;
/** How long a refused client may take to read the answer. */
export const REFUSAL_LINGER_MS = 5_000;
export const CONNECT_TIMEOUT_MS = 15_000;
export const LOOKUP_TIMEOUT_MS = 10_000;
/** Addresses of one name that are checked and tried. */
export const ADDRESSES_TRIED_MAX = 8;

/** A ClientHello with post-quantum shares is about 2 KiB. */
export const CLIENT_HELLO_BYTES_MAX = 16 * 1024;
/** One inference request: long contexts with images fit, a disk image does not. */
export const INFERENCE_BODY_BYTES_MAX = 32 * 1024 * 1024;

export const LEAF_CACHE_MAX = 256;
/** Shorter than a leaf's validity, so that a cached leaf never expires in use. */
export const LEAF_CACHE_TTL_MS = 24 * 3600 * 1000;
export const UPSTREAM_POOLS_MAX = 64;
/** Connections of one sandbox to one host: as many as it may have itself, so that answers that stay open stall no other request. */
export const UPSTREAM_SOCKETS_PER_POOL_MAX = SOCKETS_PER_SANDBOX_MAX;
/** How long a request waits for a connection or a stream where all are taken; then its client is told. */
export const UPSTREAM_TURN_TIMEOUT_MS = 10_000;
/**
 * As many as an agent asks at once: with fewer, each burst throws connections away and pays for new handshakes. All pools together keep
 * no more of them than a sandbox may have connections.
 */
export const UPSTREAM_IDLE_SOCKETS_MAX = SOCKETS_PER_SANDBOX_MAX / UPSTREAM_POOLS_MAX;
/** Below the 60 s after which most servers drop an idle connection. */
export const UPSTREAM_KEEP_ALIVE_MS = 30_000;

export const DNS_NAMES_MAX = 4096;
/** Names that get an address before anybody asks; half the table stays for what wildcards match. */
export const NAMES_AHEAD_MAX = DNS_NAMES_MAX / 2;
/** Short, because a policy change must be able to take a name away. */
export const DNS_TTL_SECONDS = 5;
/** A question has at most 271 bytes; the rest is room for EDNS and its padding. It is also what RFC 1035 allows over UDP. */
export const DNS_MESSAGE_BYTES_MAX = 512;
/**
 * Beyond this a query gets no answer, and its resolver waits for seconds before it asks again. Programs that keep no names (Node's are
 * such) ask twice for each connection, and all that a sandbox may have can be opened in one second; a flood asks for more.
 */
export const DNS_QUERIES_PER_SECOND_MAX = 4 * SOCKETS_PER_SANDBOX_MAX;
/** Names that the policy does not know and that have an address all the same, to be refused where they are connected to. */
export const DNS_UNNAMED_MAX = 1024;
/** A program connects right after it looked a name up; after this long the look-up itself is what is written down, once. */
export const DNS_UNUSED_MS = 3_000;
/** Look-ups waiting for their connection; beyond it the oldest is written down at once. */
export const DNS_UNUSED_MAX = 256;

/** Refusals of one sandbox written per second; further ones wait their turn, so that a loop cannot fill the disk. */
export const REFUSALS_PER_SECOND_MAX = 100;
/** Refusals of one sandbox that wait their turn; beyond it no further connection is taken until some are written. */
export const REFUSALS_WAITING_MAX = 1024;

export const JOURNAL_SEGMENT_BYTES_MAX = 8 * 1024 * 1024;
/** A crash of the machine (not of the process) can lose this much. */
export const JOURNAL_FSYNC_INTERVAL_MS = 200;
/** Decisions waiting for one write; more means the disk hangs, and then the answer is deny. */
export const JOURNAL_QUEUE_MAX = 10_000;
export const JOURNAL_LINE_BYTES_MAX = 256 * 1024;

/** What one sandbox may have asked people for at once, and how many new things a minute. */
export const AGENT_REQUESTS_PER_SANDBOX_MAX = 32;
export const AGENT_REQUESTS_PER_MINUTE_MAX = 10;
/** A request with its reason. */
export const AGENT_REQUEST_BYTES_MAX = 16 * 1024;
/** The longest one look for an answer waits, and how many of a sandbox wait at once. */
export const AGENT_WAIT_SECONDS_MAX = 60;
export const AGENT_WAITS_MAX = 8;
/** The longest that Node's timers can wait (2^31 - 1 ms); past it they fire at once. */
export const TIMER_MS_MAX = 2_147_483_647;
/** Rules may expire while a stream is open; open flows are judged again this often. */
export const REJUDGE_INTERVAL_MS = 5_000;
export const CREDENTIAL_VALUE_CHARS_MAX = 16 * 1024;
/** Values of one credential that answers are searched for: the newest and those it replaced, as far as they may still be on their way. */
export const CREDENTIAL_VALUES_KEPT_MAX = 8;
/** A value is renewed this long before its end, so that no request meets an ended one. */
export const CREDENTIAL_EXPIRY_MARGIN_MS = 60_000;
/** After a failed renewal; a token endpoint that is down is not asked by every request. */
export const CREDENTIAL_RETRY_MS = 5_000;
/** A helper program or a token endpoint that takes longer is stuck. */
export const CREDENTIAL_COMMAND_TIMEOUT_MS = 20_000;
/** A body in which placeholders are replaced is held whole, so that a misdirected one is refused before anything is sent. */
export const REWRITTEN_BODY_BYTES_MAX = 1024 * 1024;
/** A body whose hash is signed is held whole: the signature stands in the head. */
export const SIGNED_BODY_BYTES_MAX = 10 * 1024 * 1024;
/** Bodies and messages of one sandbox that are held at once, to be judged, filled or given to the model: four of the largest, hundreds of the usual. */
export const HELD_BODY_BYTES_PER_SANDBOX_MAX = 4 * INFERENCE_BODY_BYTES_MAX;
/** Of all sandboxes of one process, and never more of one than is left for the others. A node keeps this much memory for it. */
export const HELD_BODY_BYTES_MAX = 16 * INFERENCE_BODY_BYTES_MAX;
/** What a sandbox has all the same when many others together hold everything: a prompt's body, or one WebSocket message. */
export const HELD_BODY_BYTES_ALWAYS = 1024 * 1024;
/** Most bodies are over in a second. */
export const HELD_BODY_RETRY_SECONDS = 2;
/** From a held body's head to its last byte. Its sender runs on this very machine; the largest needs 110 KiB/s. */
export const HELD_BODY_ARRIVAL_MS = 300_000;
/** The same where we ourselves slow the sandbox down (`bytes_per_second`). */
export const HELD_BODY_THROTTLED_ARRIVAL_MS = 3_600_000;

/** Hosts and ports of a sandbox that are remembered for having been sent a secret; a policy rarely binds one to more than a few. */
export const CREDENTIAL_PLACES_MAX = 4096;

/** Streams of one HTTP/2 connection; RFC 9113 5.1.2 advises no fewer. */
export const STREAMS_PER_CONNECTION_MAX = 100;
/** Requests of one sandbox under way in HTTP/2, on all its connections: each holds two windows of memory. As many as it may have connections. */
export const STREAMS_PER_SANDBOX_MAX = 512;
/** Streams that a client may give up at once on one connection, and how many more per second: programs give up a few, a rapid reset thousands. */
export const STREAM_RESETS_BURST = 200;
export const STREAM_RESETS_PER_SECOND = 20;
/** PING and SETTINGS of one connection per second. A gRPC client that measures its path sends one each round trip while data flows. */
export const CONTROL_FRAMES_PER_SECOND_MAX = 2_000;
/** Frames without content or in no order that nghttp2 lets pass; a correct client sends none. */
export const HTTP2_INVALID_FRAMES_MAX = 100;
/** How often a connection of HTTP/2 is looked at, and PINGed where something came in since. */
export const HTTP2_LOOK_INTERVAL_MS = 5_000;
/** A connection that writes nothing for so many looks, though a PING waits: nothing but its kernel's buffer takes a PING. */
export const HTTP2_DEAF_LOOKS_MAX = 3;
/** The same where we ourselves slow the sandbox down (`bytes_per_second`): as long as a flow may be idle. */
export const HTTP2_DEAF_THROTTLED_LOOKS_MAX = FLOW_IDLE_TIMEOUT_MS / HTTP2_LOOK_INTERVAL_MS;
/** Looks at a connection of HTTP/2 whose session was broken off and whose socket is still there; what it had to say takes milliseconds. */
export const HTTP2_ENDED_LOOKS_MAX = 3;
/** The same after an end in order, whose last answer a slow client may still be reading: as long as a flow may be idle. */
export const HTTP2_ENDING_LOOKS_MAX = FLOW_IDLE_TIMEOUT_MS / HTTP2_LOOK_INTERVAL_MS;
/** What nghttp2 and Node may hold for one connection beside the windows: header tables, frames that wait. */
export const HTTP2_SESSION_MEMORY_MB = 16;
/** Sent and not acknowledged bytes of an upload: over loopback more gains nothing. */
export const HTTP2_CLIENT_WINDOW_BYTES = 64 * 1024;
/** The same for an answer: 256 KiB over 50 ms is 5 MiB/s a stream. */
export const HTTP2_UPSTREAM_WINDOW_BYTES = 256 * 1024;
/** Connections of HTTP/2 to one host, for servers that allow few streams on each. */
export const UPSTREAM_SESSIONS_PER_HOST_MAX = 8;
/** How long a server that chose HTTP/1.1 is not asked again. */
export const HTTP1_REMEMBERED_MS = 600_000;

/** A client's WebSocket message that is judged is held whole; the largest prompts that agents send this way are a few hundred KiB. */
export const WEBSOCKET_MESSAGE_BYTES_MAX = 1024 * 1024;
/** Parts of such a message; each is an object of ours, however few bytes it brings. */
export const WEBSOCKET_FRAGMENTS_MAX = 1024;
