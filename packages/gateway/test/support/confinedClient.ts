/** A small HTTP client that runs on the Node of this host inside a sandbox, so that the tests need no program of the machine's. */
export const CLIENT = "/opt/node/bin/node";

export const CLIENT_MOUNT = { source: process.execPath, target: CLIENT, mode: "ro" } as const;

export interface ClientAnswer {
  status: number;
  body: string;
  /** The code of what kept it from an answer, such as ENOTFOUND. */
  failed: string | null;
}

const SCRIPT = `
const [url, method, body] = process.argv.slice(1);
fetch(url, { method, body: body || undefined, signal: AbortSignal.timeout(60000) }).then(
  async (r) => console.log(JSON.stringify({ status: r.status, body: await r.text(), failed: null })),
  (e) => console.log(JSON.stringify({ status: 0, body: "", failed: String(e.cause?.code ?? e.name) })),
);`;

export const clientArgv = (url: string, method = "GET", body = "", program = CLIENT): string[] => [
  program,
  "-e",
  SCRIPT,
  url,
  method,
  body,
];

export const clientAnswer = (stdout: string): ClientAnswer => JSON.parse(stdout);

/** The same over HTTP/2, whose version it prints in place of a failure. */
const HTTP2_SCRIPT = `
const { connect } = require("node:http2");
const { readFileSync } = require("node:fs");
const [origin, path, ca] = process.argv.slice(1);
const session = connect(origin, { ca: readFileSync(ca) });
const fail = (e) => { console.log(JSON.stringify({ status: 0, body: "", failed: String(e.code) })); process.exit(); };
session.on("error", fail);
const stream = session.request({ ":path": path });
let status = 0, body = "";
stream.on("error", fail);
stream.on("response", (h) => { status = h[":status"]; });
stream.on("data", (chunk) => { body += chunk; });
stream.on("close", () => { session.close(); console.log(JSON.stringify({ status, body, failed: session.alpnProtocol })); });`;

export const http2Argv = (origin: string, path: string, caFile: string): string[] => [
  CLIENT,
  "-e",
  HTTP2_SCRIPT,
  origin,
  path,
  caFile,
];
