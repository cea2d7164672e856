import { createTransport } from "nodemailer";
import { ATTEMPT_MS_MAX, REASON_CHARS_MAX } from "./limits.ts";
import { mailHtml, mailText, subjectOf } from "./render.ts";
import type { Delivery, MailSettings, Outcome } from "./types.ts";

/** SMTP's 5yz: the server will not take this message, however often it is sent (RFC 5321, 4.2.1). */
const isPermanent = (code: unknown): boolean => typeof code === "number" && code >= 500 && code < 600;

/** One mail over the installation's SMTP server. */
export async function sendMail(call: { to: string; delivery: Delivery; settings: MailSettings }): Promise<Outcome> {
  const transport = createTransport(
    {
      url: call.settings.smtpUrl,
      connectionTimeout: ATTEMPT_MS_MAX,
      greetingTimeout: ATTEMPT_MS_MAX,
      socketTimeout: ATTEMPT_MS_MAX,
      // A notice is text of ours; nothing in it may name a file or a URL to be fetched.
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from: call.settings.from },
  );
  try {
    await transport.sendMail({
      // As an object the address is taken as it is: text could hold a second one.
      to: { name: "", address: call.to },
      subject: subjectOf(call.delivery),
      text: mailText(call.delivery),
      html: mailHtml(call.delivery),
      messageId: `<${call.delivery.id}@creel>`,
      headers: { "Auto-Submitted": "auto-generated" },
    });
    return { sent: true };
  } catch (error) {
    const code = error instanceof Error && "responseCode" in error ? error.responseCode : undefined;
    const said = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    const reason = `The mail server did not take it (${said}${typeof code === "number" ? `, ${code}` : ""}).`;
    return { sent: false, reason: reason.slice(0, REASON_CHARS_MAX), permanent: isPermanent(code), retryAfterMs: null };
  } finally {
    transport.close();
  }
}
