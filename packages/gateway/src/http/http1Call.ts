import type { IncomingMessage, ServerResponse } from "node:http";
import type { Call, RequestHead } from "./call.ts";
import type { HeaderPair } from "./headerPair.ts";

/** Node's flat list of names and values, in pairs. */
export function toPairs(raw: readonly string[]): HeaderPair[] {
  const pairs: HeaderPair[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) pairs.push([raw[index] ?? "", raw[index + 1] ?? ""]);
  return pairs;
}

export function headOf(req: IncomingMessage): RequestHead {
  const { method = "", url: target = "", httpVersion, rawHeaders } = req;
  const version = httpVersion === "1.1" ? "1.1" : "1.0";
  return { version, method, target, pseudo: null, headers: toPairs(rawHeaders), ended: false };
}

/** A request that Node's HTTP/1 parser read; `cut` resets the connection, the only end of an answer that no client takes for a whole one. */
export function http1Call(req: IncomingMessage, res: ServerResponse, cut: () => void): Call {
  return {
    head: headOf(req),
    body: req,
    whole: () => req.complete,
    get answered() {
      return res.headersSent;
    },
    get gone() {
      return res.destroyed;
    },
    onGone(callback) {
      if (res.destroyed) callback();
      else res.once("close", callback);
    },
    onError: (callback) => void res.on("error", callback),
    trailers: () => [],
    sayContinue() {
      if (req.headers.expect !== undefined) res.writeContinue();
    },
    discardBody: () => void req.resume(),
    answer({ status, reason, headers }) {
      // An answer carries the upstream's own date, or none.
      res.sendDate = false;
      if (reason === undefined) res.writeHead(status, headers.flat());
      else res.writeHead(status, reason, headers.flat());
      return res;
    },
    flushHead: () => res.flushHeaders(),
    closeAfter: () => res.setHeader("connection", "close"),
    cut,
  };
}
