import { DIGEST_NOTICES_MAX, SLACK_BLOCKS_MAX, SLACK_SECTION_CHARS_MAX } from "./limits.ts";
import type { Delivery, Notice } from "./types.ts";

/**
 * Threat: what an agent or a stranger wrote (a reason, a host, a name) becomes markup in somebody's mail or chat, or a
 * link that looks like ours. Invariant: every value is escaped for the place it goes to, and the one link is made by us.
 */

const told = (delivery: Delivery): { shown: readonly Notice[]; more: number } => ({
  shown: delivery.notices.slice(0, DIGEST_NOTICES_MAX),
  more: Math.max(0, delivery.notices.length - DIGEST_NOTICES_MAX),
});

/** Line breaks and other control characters would let a value begin a line, or a header, of its own. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, " ");

export function subjectOf(delivery: Delivery): string {
  const [first] = delivery.notices;
  if (first !== undefined && delivery.notices.length === 1) return oneLine(`[${delivery.orgName}] ${first.title}`);
  return oneLine(`[${delivery.orgName}] ${delivery.notices.length} notices`);
}

export function mailText(delivery: Delivery): string {
  const { shown, more } = told(delivery);
  const parts = shown.map((notice) =>
    [
      oneLine(notice.title),
      oneLine(notice.text),
      ...notice.facts.map(({ label, value }) => `${oneLine(label)}: ${oneLine(value)}`),
      `Open: ${notice.link}`,
    ].join("\n"),
  );
  return [...parts, ...(more > 0 ? [`And ${more} more.`] : [])].join("\n\n");
}

const html = (text: string): string => oneLine(text).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

export function mailHtml(delivery: Delivery): string {
  const { shown, more } = told(delivery);
  const parts = shown.map((notice) => {
    const facts = notice.facts.map(
      ({ label, value }) => `<tr><th align="left">${html(label)}</th><td><code>${html(value)}</code></td></tr>`,
    );
    return `<h2>${html(notice.title)}</h2><p>${html(notice.text)}</p><table>${facts.join("")}</table><p><a href="${html(notice.link)}">Open in Creel</a></p>`;
  });
  return `<!doctype html><html lang="en"><body>${parts.join("<hr>")}${more > 0 ? `<p>And ${more} more.</p>` : ""}</body></html>`;
}

/** Slack reads only these three specially in text. */
const slack = (text: string): string =>
  oneLine(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
/** In a code span a backtick would end it. */
const slackCode = (text: string): string => `\`${slack(text).replaceAll("`", "'")}\``;
const section = (text: string) => ({
  type: "section",
  // Verbatim: what looks like a link, a channel or a person in somebody's words stays words.
  text: { type: "mrkdwn", text: text.slice(0, SLACK_SECTION_CHARS_MAX), verbatim: true },
});

/** A message for Slack's incoming webhooks, which Mattermost, Rocket.Chat and others take too. */
export function slackMessage(delivery: Delivery): { text: string; blocks: unknown[] } {
  const { shown, more } = told(delivery);
  const blocks: unknown[] = shown.flatMap((notice) => [
    section(
      [
        `*${slack(notice.title)}*`,
        slack(notice.text),
        ...notice.facts.map(({ label, value }) => `${slack(label)}: ${slackCode(value)}`),
      ].join("\n"),
    ),
    {
      type: "actions",
      elements: [{ type: "button", text: { type: "plain_text", text: "Open in Creel" }, url: notice.link }],
    },
  ]);
  const bounded = blocks.slice(0, SLACK_BLOCKS_MAX - 1);
  if (more > 0) bounded.push(section(`And ${more} more.`));
  return { text: slack(subjectOf(delivery)), blocks: bounded };
}

/** What a webhook's receiver gets; fields are only ever added. */
export function webhookBody(delivery: Delivery): string {
  return JSON.stringify({
    type: delivery.notices.length === 1 ? delivery.notices[0]?.topic : "digest",
    timestamp: new Date(Math.max(...delivery.notices.map((notice) => notice.at.getTime()))).toISOString(),
    data: {
      org: delivery.orgName,
      notices: delivery.notices.map(({ id, topic, title, text, facts, link, at }) => ({
        id,
        topic,
        title,
        text,
        facts,
        link,
        at: at.toISOString(),
      })),
    },
  });
}
