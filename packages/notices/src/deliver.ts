import { sendMail } from "./mail.ts";
import { postJson } from "./post.ts";
import { slackMessage, webhookBody } from "./render.ts";
import { signatureHeaders } from "./signature.ts";
import type { Channel, Delivery, MailSettings, Outcome } from "./types.ts";

export interface DeliverySettings {
  /** Null where the installation has no mail server. */
  mail: MailSettings | null;
  /** `host:port` of receivers that may be private and may speak plain http; the operator of the installation names them. */
  trusted: readonly string[];
  now: () => Date;
}

/** One try. Never throws for what a receiver does; what it did is the outcome. */
export async function deliver(channel: Channel, delivery: Delivery, settings: DeliverySettings): Promise<Outcome> {
  const { trusted } = settings;
  if (channel.kind === "email") {
    if (settings.mail === null)
      return {
        sent: false,
        reason: "This installation has no mail server: set CREEL_SMTP_URL and CREEL_MAIL_FROM.",
        permanent: false,
        retryAfterMs: null,
      };
    return await sendMail({ to: channel.address, delivery, settings: settings.mail });
  }
  if (channel.kind === "slack") {
    const body = JSON.stringify(slackMessage(delivery));
    return await postJson({ url: channel.url, body, headers: {}, trusted });
  }
  const body = webhookBody(delivery);
  const headers = signatureHeaders({ id: delivery.id, at: settings.now(), body, secret: channel.secret });
  return await postJson({ url: channel.url, body, headers, trusted });
}
