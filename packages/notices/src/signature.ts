import { createHmac, randomBytes } from "node:crypto";

/** Standard Webhooks 1.0: the secret is `whsec_` and the base64 of 24 to 64 bytes. */
const SECRET_PREFIX = "whsec_";
const SECRET_BYTES = 32;

export const makeWebhookSecret = (): string => `${SECRET_PREFIX}${randomBytes(SECRET_BYTES).toString("base64")}`;

/**
 * The three headers of Standard Webhooks 1.0 for one body. `at` goes into the signature, so a receiver can refuse what
 * was recorded and sent again later.
 */
export function signatureHeaders(message: {
  id: string;
  at: Date;
  body: string;
  secret: string;
}): Record<string, string> {
  const timestamp = String(Math.floor(message.at.getTime() / 1000));
  const key = Buffer.from(message.secret.slice(SECRET_PREFIX.length), "base64");
  const signed = createHmac("sha256", key).update(`${message.id}.${timestamp}.${message.body}`).digest("base64");
  return { "webhook-id": message.id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signed}` };
}
