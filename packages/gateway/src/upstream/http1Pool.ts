import { isIP, connect as netConnect, type Socket } from "node:net";
import { checkServerIdentity, type SecureContext, connect as tlsConnect } from "node:tls";
import { ClientConnection } from "../http1/clientConnection.ts";
import {
  CONNECT_TIMEOUT_MS,
  UPSTREAM_IDLE_SOCKETS_MAX,
  UPSTREAM_KEEP_ALIVE_MS,
  UPSTREAM_POOLS_MAX,
  UPSTREAM_SOCKETS_PER_POOL_MAX,
  UPSTREAM_TURN_TIMEOUT_MS,
} from "../limits.ts";
import { pinnedLookup } from "./lookup.ts";

/**
 * Connections of HTTP/1.1 to servers, kept per sandbox and per place. Invariant: a connection leads to an address that was judged under
 * the policy in force, and its certificate was made for this very host; one is used again only while it is idle and in step.
 */
export interface Http1Pool {
  /** Calls `opened` at once or when one of the others is over; never, when it was given up or is not wanted any more. */
  open(dial: Http1Dial, then: Http1Turn): { giveUp(): void };
  /** Idle connections go; busy ones go when they become idle. Called when policy changed. */
  retire(): void;
}

export interface Http1Dial {
  secure: boolean;
  host: string;
  target: { addresses: readonly string[]; port: number };
  trust: SecureContext;
  /** False: a fresh connection, for a request that cannot be sent twice, and none that is kept. */
  reuse: boolean;
}

export interface Http1Turn {
  /** Asked when the turn has come. */
  wanted(): boolean;
  opened(connection: ClientConnection): void;
  noTurn(): void;
}

/** A server that says how long it keeps a connection closes it about then. */
const KEEP_ALIVE_MARGIN_MS = 1_000;

interface Place {
  idle: ClientConnection[];
  open: number;
  /** False: that one wanted nothing any more. */
  waiting: Set<() => boolean>;
  /** The last TLS session, to be resumed by the next connection to this very place. */
  session: Buffer | null;
  retired: boolean;
}

export function createHttp1Pool(): Http1Pool {
  const places = new Map<string, Place>();

  function placeOf({ secure, host, target }: Http1Dial): Place {
    const key = `${secure ? "https" : "http"}|${host}|${target.port}`;
    const known = places.get(key);
    if (known !== undefined) return known;
    const place: Place = { idle: [], open: 0, waiting: new Set(), session: null, retired: false };
    places.set(key, place);
    const oldest = places.entries().next().value;
    if (places.size > UPSTREAM_POOLS_MAX && oldest !== undefined) {
      places.delete(oldest[0]);
      retireOne(oldest[1]);
    }
    return place;
  }

  return {
    open(dial, then) {
      const place = placeOf(dial);
      const idle = dial.reuse ? takeIdle(place, dial) : undefined;
      if (idle !== undefined) {
        then.opened(idle);
        return NOT_WAITING;
      }
      if (place.open < UPSTREAM_SOCKETS_PER_POOL_MAX) {
        then.opened(connectTo(place, dial));
        return NOT_WAITING;
      }
      if (place.idle.length > 0) {
        then.opened(connectInPlaceOfIdle(place, dial));
        return NOT_WAITING;
      }
      const turn = () => {
        clearTimeout(timer);
        place.waiting.delete(turn);
        if (!then.wanted()) return false;
        const idle = dial.reuse ? takeIdle(place, dial) : undefined;
        then.opened(idle ?? connectInPlaceOfIdle(place, dial));
        return true;
      };
      const timer = setTimeout(() => {
        place.waiting.delete(turn);
        then.noTurn();
      }, UPSTREAM_TURN_TIMEOUT_MS);
      place.waiting.add(turn);
      return {
        giveUp: () => {
          clearTimeout(timer);
          place.waiting.delete(turn);
        },
      };
    },
    retire() {
      for (const place of places.values()) retireOne(place);
      places.clear();
    },
  };
}

const NOT_WAITING = { giveUp: () => {} };

function retireOne(place: Place): void {
  place.retired = true;
  for (const connection of place.idle.splice(0)) connection.destroy();
}

/** One connection is idle, or there is room for one more. */
function serveNext({ waiting, open, idle }: Place): void {
  if (open >= UPSTREAM_SOCKETS_PER_POOL_MAX && idle.length === 0) return;
  for (const turn of waiting) if (turn()) return;
}

/** One whose address was judged for this request too: rules may allow programs and paths different addresses of one name. */
function takeIdle({ idle }: Place, { target }: Http1Dial): ClientConnection | undefined {
  const at = idle.findLastIndex(({ socket }) => target.addresses.includes(socket.remoteAddress ?? ""));
  return at < 0 ? undefined : idle.splice(at, 1)[0];
}

/** Where all are taken, one that is idle and may not be used makes room; its end must not make the same room for another too. */
function connectInPlaceOfIdle(place: Place, dial: Http1Dial): ClientConnection {
  const idle = place.open < UPSTREAM_SOCKETS_PER_POOL_MAX ? undefined : place.idle.pop();
  const connection = connectTo(place, dial);
  idle?.destroy();
  return connection;
}

function connectTo(place: Place, dial: Http1Dial): ClientConnection {
  const kept = dial.reuse;
  place.open += 1;
  const connection: ClientConnection = new ClientConnection(dialSocket(place, dial), {
    onFree({ idleMsMax }) {
      const idleMs = Math.min(UPSTREAM_KEEP_ALIVE_MS, (idleMsMax ?? Number.POSITIVE_INFINITY) - KEEP_ALIVE_MARGIN_MS);
      const full = place.waiting.size === 0 && place.idle.length >= UPSTREAM_IDLE_SOCKETS_MAX;
      if (!kept || place.retired || full || idleMs <= 0) return connection.destroy();
      connection.socket.setTimeout(idleMs);
      place.idle.push(connection);
      serveNext(place);
    },
    onClosed() {
      const at = place.idle.indexOf(connection);
      if (at >= 0) place.idle.splice(at, 1);
      place.open -= 1;
      serveNext(place);
    },
  });
  return connection;
}

/** Made for this very connection, or dialled by who found that the server speaks HTTP/1.1 only. */
export function adopt(socket: Socket): ClientConnection {
  const connection: ClientConnection = new ClientConnection(socket, {
    onFree: () => connection.destroy(),
    onClosed: () => {},
  });
  return connection;
}

function dialSocket(place: Place, { secure, host, target, trust }: Http1Dial): Socket {
  const named = isIP(host) === 0;
  const to = {
    host: named ? host : (target.addresses[0] ?? host),
    port: target.port,
    lookup: pinnedLookup(target.addresses),
    noDelay: true,
  };
  if (!secure) return dialledInTime(netConnect(to), "connect");
  const socket = tlsConnect({
    ...to,
    secureContext: trust,
    rejectUnauthorized: true,
    servername: named ? host : "",
    checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
    ALPNProtocols: ["http/1.1"],
    ...(place.session === null ? {} : { session: place.session }),
  });
  socket.on("session", (session: Buffer) => {
    place.session = session;
  });
  socket.once("error", () => {
    place.session = null;
  });
  return dialledInTime(socket, "secureConnect");
}

/** A destination that swallows what we send would hold the socket, and its request, as long as the kernel tries. */
function dialledInTime(socket: Socket, connected: "connect" | "secureConnect"): Socket {
  const timer = setTimeout(() => socket.destroy(new Error("no answer in time")), CONNECT_TIMEOUT_MS);
  const over = () => clearTimeout(timer);
  socket.once(connected, over).once("close", over);
  return socket;
}
