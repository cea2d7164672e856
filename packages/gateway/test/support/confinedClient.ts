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
fetch(url, { method, body: body || undefined, signal: AbortSignal.timeout(10000) }).then(
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
