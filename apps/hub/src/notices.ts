import { type Ctx, notice } from "@creel/core";
import { type DeliverySettings, deliver } from "@creel/notices";
import type { HubEnv } from "./env.ts";

export interface NoticeSettings extends DeliverySettings {
  webUrl: string;
}

export const noticeSettings = (env: HubEnv): NoticeSettings => ({
  webUrl: env.CREEL_WEB_URL,
  mail: env.CREEL_SMTP_URL === undefined ? null : { smtpUrl: env.CREEL_SMTP_URL, from: env.CREEL_MAIL_FROM },
  trusted: env.CREEL_NOTICE_HOSTS,
  now: () => new Date(),
});

/** Sends one delivery if this hub is the one that gets it, and writes down what became of it. */
export async function sendNotice(
  ctx: Ctx,
  which: { orgId: string; deliveryId: string },
  settings: NoticeSettings,
): Promise<void> {
  const claimed = await notice.claim({ ctx, input: which });
  if (claimed === null) return;
  const notices = claimed.notices.map(({ path, at, ...rest }) => ({
    ...rest,
    at: new Date(at),
    link: new URL(path, settings.webUrl).href,
  }));
  const outcome = await deliver(claimed.channel, { id: which.deliveryId, orgName: claimed.orgName, notices }, settings);
  await notice.recordOutcome({ ctx, input: { ...which, outcome } });
}
