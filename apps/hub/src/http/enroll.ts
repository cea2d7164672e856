/**
 * `POST /v1/enroll`. Threat: anybody who reaches the port tries secrets, floods the database or asks for a certificate of another
 * node. Invariant: the body is bounded and parsed before the database is asked, tries are rationed by address and overall, the
 * secret is checked and used up by one verb, and an answer says the same to every secret that does not count.
 */
import type { IncomingMessage } from "node:http";
import { CreelError, type Ctx, node, toPublicError } from "@creel/core";
import { type EnrollResponse, enrollRequestSchema, PROTOCOL_VERSION } from "@creel/protocol";
import type { Logger } from "pino";
import { ENROLL_BODY_BYTES_MAX, ENROLL_OVERALL, ENROLL_PER_ADDRESS } from "../limits.ts";
import type { Metrics } from "../metrics.ts";
import { createRateLimiter } from "./rateLimit.ts";
import { readBody } from "./readBody.ts";

export interface JsonAnswer {
  status: number;
  body: unknown;
}

export function createEnrollRoute(options: {
  /** What nodes are told to connect to from then on. */
  hubUrl: () => string;
  systemCtx: (source: string) => Ctx;
  log: Logger;
  metrics: Metrics;
  now: () => number;
}) {
  const perAddress = createRateLimiter(ENROLL_PER_ADDRESS, options.now);
  const overall = createRateLimiter(ENROLL_OVERALL, options.now);
  const refuse = (status: number, code: string, error: string): JsonAnswer => {
    options.metrics.count("creel_hub_enrollments_total", { result: code });
    return { status, body: { code, error } };
  };

  return async (request: IncomingMessage): Promise<JsonAnswer> => {
    const address = request.socket.remoteAddress ?? "unknown";
    if (!perAddress.take(address) || !overall.take("all"))
      return refuse(429, "rate_limited", "Too many enrolments at once; wait a minute.");
    const text = await readBody(request, ENROLL_BODY_BYTES_MAX);
    if (text === null) return refuse(413, "invalid_input", `The body is larger than ${ENROLL_BODY_BYTES_MAX} bytes.`);
    const parsed = enrollRequestSchema.safeParse(parseJson(text));
    if (!parsed.success) {
      const place = parsed.error.issues[0]?.path.map(String).join(".") || "body";
      return refuse(
        400,
        "invalid_input",
        `${place} does not fit the enrolment request of protocol ${PROTOCOL_VERSION}.`,
      );
    }
    if (parsed.data.protocol !== PROTOCOL_VERSION)
      return refuse(
        400,
        "invalid_input",
        `This hub speaks protocol ${PROTOCOL_VERSION}; bring the node to its version.`,
      );
    try {
      const made = await node.enroll({ ctx: options.systemCtx(address), input: parsed.data });
      options.metrics.count("creel_hub_enrollments_total", { result: "ok" });
      options.log.info({ nodeId: made.nodeId, node: made.nodeName, address }, "node enrolled");
      const body: EnrollResponse = {
        nodeId: made.nodeId,
        nodeName: made.nodeName,
        orgSlug: made.orgSlug,
        certificatePem: made.certificatePem,
        hubUrl: options.hubUrl(),
      };
      return { status: 200, body };
    } catch (error) {
      const answer = toPublicError(error);
      if (error instanceof CreelError) options.log.warn({ address, code: error.code }, "enrolment refused");
      else options.log.error({ address, err: error }, "enrolment failed");
      return refuse(answer.status, answer.body.code, answer.body.message);
    }
  };
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
