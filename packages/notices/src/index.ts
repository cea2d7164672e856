export { type DeliverySettings, deliver } from "./deliver.ts";
export { urlProblem } from "./guard.ts";
export { makeWebhookSecret } from "./signature.ts";
export type { Channel, Delivery, MailSettings, Notice, Outcome } from "./types.ts";
