import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { Metrics } from "../metrics.ts";
import type { JsonAnswer } from "./enroll.ts";

/** The hub's few HTTP routes. Everything else, also a wrong method, does not exist. */
export function createRoutes(options: {
  enroll: (request: IncomingMessage) => Promise<JsonAnswer>;
  healthy: () => boolean;
  metrics: Metrics;
  log: Logger;
}): RequestListener {
  return (request, response) => {
    const route = `${request.method} ${(request.url ?? "").split("?")[0]}`;
    if (route === "GET /healthz") return answerJson(response, options.healthy() ? 200 : 503, { ok: options.healthy() });
    if (route === "GET /metrics") {
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4" });
      return void response.end(options.metrics.render());
    }
    if (route === "POST /v1/enroll") {
      options.enroll(request).then(
        ({ status, body }) => {
          // A body that was refused half read cannot be followed by another request.
          response.setHeader("connection", "close");
          answerJson(response, status, body);
        },
        (error: unknown) => {
          options.log.warn({ err: error }, "enrolment broke off");
          request.destroy();
        },
      );
      return;
    }
    answerJson(response, 404, { code: "not_found", error: "There is nothing here." });
  };
}

function answerJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}
