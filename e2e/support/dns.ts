import { createSocket, type Socket } from "node:dgram";

/** A DNS server on loopback that knows TXT records and nothing else (RFC 1035, sections 4.1 and 3.3.14). */
export interface TxtServer {
  /** `address:port`, as an operator names it. */
  address: string;
  /** By full name, in lower case. */
  records: Map<string, string>;
  close(): Promise<void>;
}

const TYPE_TXT = 16;
const CLASS_IN = 1;
const HEAD_BYTES = 12;
/** An answer to a question that was asked for recursion; the name is known, or it is not. */
const FLAGS = { found: 0x8180, noSuchName: 0x8183 };

export async function openTxtServer(): Promise<TxtServer> {
  const records = new Map<string, string>();
  const socket: Socket = createSocket("udp4");
  socket.on("message", (question, from) => {
    socket.send(answerTo(question, records), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    records,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function answerTo(question: Buffer, records: ReadonlyMap<string, string>): Buffer {
  const labels: string[] = [];
  let at = HEAD_BYTES;
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.subarray(at + 1, at + 1 + length).toString("latin1"));
    at += 1 + length;
  }
  const end = at + 5;
  const asked = question.subarray(HEAD_BYTES, end);
  const isTxt = question.readUInt16BE(at + 1) === TYPE_TXT;
  const text = isTxt ? records.get(labels.join(".").toLowerCase()) : undefined;
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt16BE(question.readUInt16BE(0), 0);
  head.writeUInt16BE(text === undefined ? FLAGS.noSuchName : FLAGS.found, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(text === undefined ? 0 : 1, 6);
  return Buffer.concat([head, asked, ...(text === undefined ? [] : [txtRecord(text)])]);
}

/** Of the name that was asked for, which stands right behind the head; kept by nobody. */
function txtRecord(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  const record = Buffer.alloc(HEAD_BYTES);
  record.writeUInt16BE(0xc000 | HEAD_BYTES, 0);
  record.writeUInt16BE(TYPE_TXT, 2);
  record.writeUInt16BE(CLASS_IN, 4);
  record.writeUInt32BE(0, 6);
  record.writeUInt16BE(bytes.length + 1, 10);
  return Buffer.concat([record, Buffer.from([bytes.length]), bytes]);
}
