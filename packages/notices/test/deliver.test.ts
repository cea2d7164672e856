import { Webhook } from "standardwebhooks";
import { afterEach, expect, test } from "vitest";
import { deliver } from "../src/index.ts";
import { DIGEST_NOTICES_MAX, SLACK_BLOCKS_MAX } from "../src/limits.ts";
import { makeWebhookSecret } from "../src/target.ts";
import { delivery, notice, startMailServer, startReceiver } from "./receivers.ts";

const opened: { close(): Promise<void> }[] = [];
const keep = <T extends { close(): Promise<void> }>(one: T): T => {
  opened.push(one);
  return one;
};
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});
const settings = (trusted: string[] = [], smtpUrl?: string) => ({
  mail: smtpUrl === undefined ? null : { smtpUrl, from: "creel@creel.test" },
  trusted,
  now: () => new Date(),
});

test("a webhook is signed so that the standard's own library accepts it, and refuses it when one byte changes", async () => {
  const receiver = keep(await startReceiver(() => ({ status: 204 })));
  const secret = makeWebhookSecret();
  const channel = { kind: "webhook", url: `${receiver.origin}/hook`, secret } as const;
  expect(await deliver(channel, delivery(), settings([receiver.host]))).toEqual({ sent: true });
  const [got] = receiver.received;
  const headers = Object.fromEntries(Object.entries(got?.headers ?? {}).map(([name, value]) => [name, String(value)]));
  expect(new Webhook(secret).verify(got?.body ?? "", headers)).toMatchObject({
    type: "change.proposed",
    data: { org: "Acme", notices: [{ title: "Ada proposes policy web, version 7" }] },
  });
  expect(() => new Webhook(secret).verify(`${got?.body} `, headers)).toThrow(/signature/i);
  expect(() => new Webhook(makeWebhookSecret()).verify(got?.body ?? "", headers)).toThrow(/signature/i);
});

test("what strangers wrote is text in Slack and in mail: no mention, no link, no markup, no header", async () => {
  const evil = notice({
    title: "x\r\nBcc: everybody@elsewhere.test",
    text: "<!channel> <https://evil.test|Open> <script>alert(1)</script>",
    facts: [{ label: "Reason", value: "`; <b>\u202eevil" }],
  });
  const receiver = keep(await startReceiver(() => ({ status: 200, body: "ok" })));
  await deliver({ kind: "slack", url: `${receiver.origin}/s` }, delivery(evil), settings([receiver.host]));
  const body = receiver.received[0]?.body ?? "";
  expect(body).not.toContain("<!channel>");
  expect(body).not.toContain("<https://evil.test");
  expect(body).toContain("&lt;!channel&gt;");
  expect(body).not.toContain("\u202e");
  const mail = keep(await startMailServer());
  const sent = await deliver({ kind: "email", address: "ada@creel.test" }, delivery(evil), settings([], mail.url));
  expect(sent).toEqual({ sent: true });
  expect(mail.mails[0]?.to).toEqual(["ada@creel.test"]);
  expect(mail.mails[0]?.raw).not.toMatch(/^Bcc:/im);
  const markup = mail.mails[0]?.raw.split("Content-Type: text/html")[1] ?? "";
  expect(markup).toContain("&#60;script&#62;");
  expect(markup).not.toMatch(/<script|<https|<b>/);
});

test("an address that holds a second one reaches nobody else", async () => {
  const mail = keep(await startMailServer());
  const address = "ada@creel.test, eve@elsewhere.test";
  await deliver({ kind: "email", address }, delivery(), settings([], mail.url));
  expect(mail.mails.flatMap(({ to }) => to)).not.toContain("eve@elsewhere.test");
});

test("a mail server that will never take it is told apart from one that is busy", async () => {
  const mail = keep(await startMailServer((to) => (to.startsWith("gone") ? 550 : 450)));
  const to = async (address: string) => await deliver({ kind: "email", address }, delivery(), settings([], mail.url));
  expect(await to("gone@creel.test")).toMatchObject({ sent: false, permanent: true });
  expect(await to("busy@creel.test")).toMatchObject({ sent: false, permanent: false });
  expect(await deliver({ kind: "email", address: "a@creel.test" }, delivery(), settings())).toMatchObject({
    reason: expect.stringContaining("CREEL_SMTP_URL"),
  });
});

test("a receiver in our own network is not called, by address, by name or by redirect", async () => {
  const inside = keep(await startReceiver(() => ({ status: 200 })));
  const port = inside.host.split(":")[1];
  const call = async (url: string, trusted: string[] = []) =>
    await deliver({ kind: "webhook", url, secret: makeWebhookSecret() }, delivery(), settings(trusted));
  for (const url of [
    `https://127.0.0.1:${port}/`,
    `https://[::1]:${port}/`,
    `https://2130706433:${port}/`,
    `https://[::ffff:127.0.0.1]:${port}/`,
    "https://169.254.169.254/latest/meta-data/",
    `http://127.0.0.1:${port}/`,
    "ftp://creel.test/",
    "https://user:pass@creel.test/",
  ])
    expect(await call(url)).toMatchObject({ sent: false, permanent: true });
  expect(await call(`https://localhost:${port}/`)).toMatchObject({ sent: false, reason: /not public/ });
  const outside = keep(await startReceiver(() => ({ status: 302, headers: { location: `${inside.origin}/` } })));
  expect(await call(`${outside.origin}/`, [outside.host])).toMatchObject({ sent: false, reason: "It answered 302." });
  expect(inside.received).toEqual([]);
});

test("a receiver's wish to wait is kept, a refusal is final, and no reason shows the URL", async () => {
  const answers = new Map([
    ["/busy", { status: 429, headers: { "retry-after": "30" } }],
    ["/gone", { status: 410 }],
    ["/broken", { status: 500, body: "x".repeat(1_000_000) }],
  ]);
  const receiver = keep(await startReceiver(({ path }) => answers.get(path) ?? { status: 200 }));
  const outcome = async (path: string) =>
    await deliver({ kind: "slack", url: `${receiver.origin}${path}` }, delivery(), settings([receiver.host]));
  expect(await outcome("/busy")).toEqual({
    sent: false,
    reason: "It answered 429.",
    permanent: false,
    retryAfterMs: 30_000,
  });
  expect(await outcome("/gone")).toMatchObject({ permanent: true });
  expect(await outcome("/broken")).toMatchObject({ permanent: false, reason: "It answered 500." });
  await receiver.close();
  const unreachable = await outcome("/");
  expect(unreachable).toMatchObject({ sent: false, permanent: false, reason: expect.stringContaining("ECONNREFUSED") });
  expect(JSON.stringify(unreachable)).not.toContain(receiver.host);
});

test("a digest of hundreds stays within Slack's bounds and says how many it left out", async () => {
  const receiver = keep(await startReceiver(() => ({ status: 200 })));
  const many = Array.from({ length: 300 }, (_, at) => notice({ title: `notice ${at}` }));
  await deliver({ kind: "slack", url: `${receiver.origin}/` }, delivery(...many), settings([receiver.host]));
  const said = JSON.parse(receiver.received[0]?.body ?? "{}");
  expect(said.blocks.length).toBeLessThanOrEqual(SLACK_BLOCKS_MAX);
  expect(JSON.stringify(said)).toContain(`And ${300 - DIGEST_NOTICES_MAX} more.`);
});
