/** What happened, once for each person or place that is told. Text is plain: each channel escapes for itself. */
export interface Notice {
  /** The same for each try of one delivery, so that a receiver can drop a repeat. */
  id: string;
  /** e.g. `change.proposed`; receivers choose by it. */
  topic: string;
  title: string;
  text: string;
  facts: readonly { label: string; value: string }[];
  /** Where to read and decide: a page of the dashboard, behind its sign-in. */
  link: string;
  at: Date;
}

/** Where notices go. Slack's URL and a webhook's secret are credentials: never logged, never in an error. */
export type Channel =
  | { kind: "email"; address: string }
  | { kind: "slack"; url: string }
  | { kind: "webhook"; url: string; secret: string };

/** Several notices at once are a digest. */
export interface Delivery {
  id: string;
  orgName: string;
  notices: readonly Notice[];
}

export type Outcome =
  | { sent: true }
  /** `permanent`: the receiver will never take it, so trying again would be noise. */
  | { sent: false; reason: string; permanent: boolean; retryAfterMs: number | null };

export interface MailSettings {
  /** `smtp://user:password@host:port` or `smtps://…`. */
  smtpUrl: string;
  /** The sender's address. */
  from: string;
}
