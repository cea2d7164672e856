// The load of `npm run bench -- egress`: runs inside a sandbox, or outside beside a proxy, and does what each line on stdin asks.
import { lookup } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { connect as connectTls } from "node:tls";

const { caFile, proxyPort, port } = JSON.parse(process.argv[2]);
const ca = readFileSync(caFile);
const now = () => Number(process.hrtime.bigint()) / 1e6;

const opened = (socket, event) =>
  new Promise((resolve, reject) => socket.once(event, () => resolve(socket)).once("error", reject));

/** To the server itself, which the kernel steers, or through CONNECT. */
async function reach(host) {
  if (proxyPort === null) return opened(connect({ host, port, noDelay: true }), "connect");
  return new Promise((resolve, reject) => {
    request({ port: proxyPort, host: "127.0.0.1", method: "CONNECT", path: `${host}:${port}` })
      .once("connect", (answer, socket) =>
        answer.statusCode === 200 ? resolve(socket) : reject(new Error(`CONNECT: ${answer.statusCode}`)),
      )
      .once("error", reject)
      .end();
  });
}

const secure = async (host, alpn) => {
  const socket = await reach(host);
  return opened(connectTls({ socket, servername: host, ca, ALPNProtocols: [alpn] }), "secureConnect");
};

/** One answer, whole; anything but a 200 would be a cheaper thing than what is measured. */
const ask = (agent, host, path) =>
  new Promise((resolve, reject) => {
    const sent = request({
      agent,
      host,
      path,
      headers: { host: `${host}:${port}`, accept: "application/json", ...HEADERS },
    });
    sent.once("error", reject).once("response", (answer) => {
      answer
        .resume()
        .once("end", () => (answer.statusCode === 200 ? resolve() : reject(new Error(`${answer.statusCode}`))));
    });
    sent.end();
  });

/** What a usual SDK sends. */
const HEADERS = {
  "user-agent": "tickets-sdk/4.2.1 (linux; node)",
  "accept-encoding": "gzip, deflate, br",
  authorization: "Bearer 0123456789abcdef0123456789abcdef",
  "x-request-id": "f3b0c442-98fc-1c14-9afb-4c8996fb9242",
};

let agents = [];
let session = null;
/** Servers end what is idle while others have their turn: connections are made anew, and warm, before each measurement. */
async function ready({ version, host, connections }) {
  for (const agent of agents) agent.destroy();
  session?.destroy();
  agents = [];
  if (version === 2) {
    const socket = await secure(host, "h2");
    if (socket.alpnProtocol !== "h2") throw new Error("HTTP/2 is not offered");
    session = connectHttp2(`https://${host}:${port}`, { createConnection: () => socket });
    session.on("error", () => {});
    return http2({ connections, requests: connections });
  }
  for (let index = 0; index < connections; index++) {
    const socket = await secure(host, "http/1.1");
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agent.createConnection = () => socket;
    agents.push(agent);
  }
  return http1({ host, requests: connections });
}

async function http1({ host, requests }) {
  const times = [];
  let left = requests;
  const drive = async (agent) => {
    while (left-- > 0) {
      const began = now();
      await ask(agent, host, `/api/v1/items/${left % 97}?page=2`);
      times.push(now() - began);
    }
  };
  await Promise.all(agents.map(drive));
  return times;
}

async function http2({ connections, requests }) {
  const times = [];
  let left = requests;
  const one = (path) =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ":path": path, accept: "application/json", ...HEADERS });
      let status = 0;
      stream.once("response", (headers) => {
        status = headers[":status"];
      });
      stream
        .resume()
        .once("error", reject)
        .once("end", () => (status === 200 ? resolve() : reject(new Error(`${status}`))));
      stream.end();
    });
  const drive = async () => {
    while (left-- > 0) {
      const began = now();
      await one(`/api/v1/items/${left % 97}?page=2`);
      times.push(now() - began);
    }
  };
  await Promise.all(Array.from({ length: connections }, drive));
  return times;
}

/** The first request to a host: connection, certificate, handshake, answer. */
async function first({ host }) {
  const began = now();
  const socket = await secure(host, "http/1.1");
  const agent = new Agent({ keepAlive: false });
  agent.createConnection = () => socket;
  await ask(agent, host, "/api/v1/items/1");
  const taken = now() - began;
  socket.destroy();
  return [taken];
}

/** Asks for so many bytes, and reads them away. */
const download = ({ host, port, bytes }) =>
  new Promise((resolve, reject) => {
    const began = now();
    const buffer = Buffer.allocUnsafe(256 * 1024);
    let got = 0;
    const socket = connect({
      host,
      port,
      onread: {
        buffer,
        callback(length) {
          got += length;
          if (got >= bytes) socket.destroy();
          return true;
        },
      },
    });
    socket.once("error", reject).once("close", () => {
      if (got < bytes) reject(new Error(`only ${got} bytes of ${bytes} came`));
      else resolve([now() - began]);
    });
    socket.write(`${bytes}\n`);
  });

/** Connections one after the other, a few at a time, each with one byte there and back. */
async function connects({ host: name, port, count }) {
  // Looked up once: names are another measure, and a gateway bounds how often they are asked for.
  const { address: host } = await lookup(name, { family: 4 });
  const times = [];
  let left = count;
  const drive = async () => {
    while (left-- > 0) {
      const began = now();
      await download({ host, port, bytes: 1 });
      times.push(now() - began);
    }
  };
  await Promise.all([drive(), drive(), drive(), drive()]);
  return times;
}

const verbs = { ready, http1, http2, first, download, connects };
for await (const line of createInterface({ input: process.stdin })) {
  const { verb, ...input } = JSON.parse(line);
  const answer = await verbs[verb](input).then(
    (times) => ({ times }),
    (error) => ({ failed: `${verb}: ${error.message}` }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
