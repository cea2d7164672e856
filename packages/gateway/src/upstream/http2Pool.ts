import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { isIP } from "node:net";
import { checkServerIdentity, type SecureContext, type TLSSocket, connect as tlsConnect } from "node:tls";
import { canonicalHost } from "@creel/policy";
import { watchEnd } from "../http2/leftBehind.ts";
import {
  CONNECT_TIMEOUT_MS,
  HEADER_BYTES_MAX,
  HEADER_COUNT_MAX,
  HTTP1_REMEMBERED_MS,
  HTTP2_INVALID_FRAMES_MAX,
  HTTP2_SESSION_MEMORY_MB,
  HTTP2_UPSTREAM_WINDOW_BYTES,
  STREAMS_PER_CONNECTION_MAX,
  UPSTREAM_KEEP_ALIVE_MS,
  UPSTREAM_POOLS_MAX,
  UPSTREAM_SESSIONS_PER_HOST_MAX,
} from "../limits.ts";
import { resetSocket } from "../resetSocket.ts";
import { pinnedLookup } from "./lookup.ts";

/**
 * Connections to servers that speak HTTP/2, kept per sandbox. Invariant: a request goes only to a session whose certificate was made
 * for this very host (no coalescing: a certificate that names two hosts joins nothing) and whose address was judged for this request.
 */
export interface Http2Pool {
  /** A session; or that the server speaks HTTP/1.1, with the connection on which it said so. Rejects when nobody answers. */
  open(dial: Dial): Promise<{ held: Held } | { http1: TLSSocket | null }>;
  /** Nothing new goes out on what is open; it ends with its last stream. Called when policy changed. */
  retire(): void;
}

export interface Dial {
  host: string;
  port: number;
  target: { addresses: readonly string[]; port: number };
  trust: SecureContext;
}

/** A connection to one server; whoever sends on it counts its stream. */
export interface Held {
  readonly session: ClientHttp2Session;
  readonly address: string | null;
  streams: number;
}

interface Place {
  held: Set<Held>;
  dialling: Promise<unknown> | null;
  http1Until: number;
}

export function createHttp2Pool(): Http2Pool {
  const places = new Map<string, Place>();

  function placeOf(key: string): Place {
    const known = places.get(key);
    if (known !== undefined) return known;
    const place: Place = { held: new Set(), dialling: null, http1Until: 0 };
    places.set(key, place);
    const oldest = places.entries().next().value;
    if (places.size > UPSTREAM_POOLS_MAX && oldest !== undefined) {
      places.delete(oldest[0]);
      retireOne(oldest[1]);
    }
    return place;
  }

  return {
    async open(dial) {
      const place = placeOf(`${dial.host}|${dial.port}`);
      const judged = new Set(dial.target.addresses.map(canonicalHost));
      for (;;) {
        if (place.http1Until > performance.now()) return { http1: null };
        const held = roomIn(place, judged);
        if (held !== null) return { held };
        if (place.dialling === null) break;
        // Whoever waits looks again: the session may have room for all, and a failure concerns only who dialled.
        await place.dialling.catch(() => {});
      }
      const dialled = dialTls(dial);
      place.dialling = dialled;
      try {
        const socket = await dialled;
        if (socket.alpnProtocol !== "h2") {
          place.http1Until = performance.now() + HTTP1_REMEMBERED_MS;
          return { http1: socket };
        }
        return { held: hold(place, dial, socket) };
      } finally {
        place.dialling = null;
      }
    },
    retire() {
      for (const place of places.values()) retireOne(place);
      places.clear();
    },
  };
}

function retireOne(place: Place): void {
  for (const { session } of place.held) session.close();
  place.held.clear();
}

/** The least busy session that leads to a judged address; one that is full only when no further one may be opened. */
function roomIn(place: Place, judged: ReadonlySet<string | null>): Held | null {
  let best: Held | null = null;
  for (const held of place.held) {
    if (!judged.has(held.address)) continue;
    if (best === null || held.streams < best.streams) best = held;
  }
  if (best === null) return null;
  const max = Math.min(
    best.session.remoteSettings.maxConcurrentStreams ?? STREAMS_PER_CONNECTION_MAX,
    STREAMS_PER_CONNECTION_MAX,
  );
  return best.streams < max || place.held.size >= UPSTREAM_SESSIONS_PER_HOST_MAX ? best : null;
}

const SESSION_OPTIONS = {
  maxHeaderListPairs: HEADER_COUNT_MAX,
  maxSessionMemory: HTTP2_SESSION_MEMORY_MB,
  maxSessionInvalidFrames: HTTP2_INVALID_FRAMES_MAX,
  peerMaxConcurrentStreams: STREAMS_PER_CONNECTION_MAX,
  settings: {
    // A pushed answer would be one that nobody asked for and nobody judged.
    enablePush: false,
    maxHeaderListSize: HEADER_BYTES_MAX * 4,
    initialWindowSize: HTTP2_UPSTREAM_WINDOW_BYTES,
  },
};

function hold(place: Place, { host, port }: Dial, socket: TLSSocket): Held {
  const session = connectHttp2(`https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`, {
    ...SESSION_OPTIONS,
    createConnection: () => socket,
  });
  const held: Held = { session, address: canonicalHost(socket.remoteAddress ?? ""), streams: 0 };
  place.held.add(held);
  watchEnd({ session, onLeft: () => resetSocket(socket) });
  const forget = () => place.held.delete(held);
  session.once("goaway", forget);
  session.once("close", forget);
  session.once("error", forget);
  session.setTimeout(UPSTREAM_KEEP_ALIVE_MS, () => {
    if (held.streams > 0) return;
    forget();
    session.close();
  });
  return held;
}

function dialTls({ host, port: _asked, target, trust }: Dial): Promise<TLSSocket> {
  const named = isIP(host) === 0;
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({
      host: named ? host : (target.addresses[0] ?? host),
      port: target.port,
      lookup: pinnedLookup(target.addresses),
      secureContext: trust,
      rejectUnauthorized: true,
      servername: named ? host : "",
      checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
      ALPNProtocols: ["h2", "http/1.1"],
    });
    socket.setNoDelay(true);
    const timer = setTimeout(() => socket.destroy(new Error("no answer in time")), CONNECT_TIMEOUT_MS);
    const failed = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    socket.once("error", failed);
    socket.once("close", () => failed(new Error("the connection was closed")));
    socket.once("secureConnect", () => {
      clearTimeout(timer);
      socket.off("error", failed);
      resolve(socket);
    });
  });
}
