import { OPCODE } from "./frameHead.ts";

/**
 * Pings and pongs between a client whose messages are read and its server. Threat: 125 bytes in each, which nobody judges and no line
 * names. Invariant: the server receives no byte that the client chose: its pings go out with a number of ours, a pong repeats what the
 * server itself sent or is empty. How often a client pings remains its choice, as the moments at which it sends anything do.
 */
export class ControlFrames {
  /** Our numbers, each with what the client wrote in its place. */
  private readonly pingsOfClient: { sent: Buffer; meant: Buffer }[] = [];
  /** As the client was shown them. */
  private pingsOfServer: Buffer[] = [];
  private count = 0;

  /** What the server gets in the place of this payload. */
  fromClient(opcode: number, payload: Buffer): Buffer {
    if (opcode === OPCODE.ping) return this.numbered(payload);
    const asked = this.pingsOfServer.findIndex((ping) => ping.equals(payload));
    if (asked === -1) return EMPTY;
    // A pong may answer all pings before it (RFC 6455 5.5.3).
    this.pingsOfServer = this.pingsOfServer.slice(asked + 1);
    return payload;
  }

  /** What the client gets in the place of this payload: the answer to a ping of its own as if its own words had been repeated. */
  fromServer(opcode: number, payload: Buffer): Buffer {
    if (opcode === OPCODE.ping) remember(this.pingsOfServer, payload);
    if (opcode !== OPCODE.pong) return payload;
    const answered = this.pingsOfClient.findIndex(({ sent }) => sent.equals(payload));
    const [ping] = answered === -1 ? [] : this.pingsOfClient.splice(0, answered + 1).slice(-1);
    return ping?.meant ?? payload;
  }

  private numbered(meant: Buffer): Buffer {
    const sent = Buffer.alloc(4);
    this.count = (this.count + 1) >>> 0;
    sent.writeUInt32BE(this.count);
    remember(this.pingsOfClient, { sent, meant });
    return sent;
  }
}

const EMPTY = Buffer.alloc(0);
/** Peers ping anew every few seconds, and wait for one answer or two; older ones count as never answered. */
export const PINGS_REMEMBERED_MAX = 8;

function remember<T>(list: T[], one: T): void {
  list.push(one);
  if (list.length > PINGS_REMEMBERED_MAX) list.shift();
}
