import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import type { Delivery, Notice } from "../src/index.ts";

export const notice = (over: Partial<Notice> = {}): Notice => ({
  id: "0198f000-0000-7000-8000-000000000001",
  topic: "change.proposed",
  title: "Ada proposes policy web, version 7",
  text: "Two approvals are missing.",
  facts: [{ label: "Risk", value: "high" }],
  link: "https://creel.test/changes/0198f000",
  at: new Date("2026-05-03T10:00:00Z"),
  ...over,
});
export const delivery = (...notices: Notice[]): Delivery => ({
  id: "0198f000-0000-7000-8000-00000000000a",
  orgName: "Acme",
  notices: notices.length === 0 ? [notice()] : notices,
});

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A web server that answers what a test wants and keeps what it was sent. */
export async function startReceiver(
  answer: (received: Received) => { status: number; headers?: Record<string, string>; body?: string },
): Promise<{ origin: string; host: string; received: Received[]; close(): Promise<void> }> {
  const received: Received[] = [];
  const server: Server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece: Buffer) => {
      body += piece.toString("utf8");
    });
    request.on("end", () => {
      const one = { path: request.url ?? "", headers: request.headers, body };
      received.push(one);
      const said = answer(one);
      response.writeHead(said.status, said.headers);
      response.end(said.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    received,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A mail server that keeps what it took, and refuses whom a test says. */
export async function startMailServer(refuses: (to: string) => number | null = () => null): Promise<{
  url: string;
  mails: { to: string[]; raw: string }[];
  close(): Promise<void>;
}> {
  const mails: { to: string[]; raw: string }[] = [];
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    onRcptTo: ({ address }, _session, done) => {
      const code = refuses(address);
      done(code === null ? null : Object.assign(new Error("not here"), { responseCode: code }));
    },
    onData: (stream, session, done) => {
      let raw = "";
      stream.on("data", (piece: Buffer) => {
        raw += piece.toString("utf8");
      });
      stream.on("end", () => {
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    close: async () => await new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
