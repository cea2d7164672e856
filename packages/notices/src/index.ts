export { type DeliverySettings, deliver } from "./deliver.ts";
export type { Channel, Delivery, MailSettings, Notice, Outcome } from "./types.ts";
