import type { AuditAction } from "../audit/actions.ts";
import type { ResourceKind } from "../authz/roles.ts";

/** What people are told of: the audit's own actions, so that nothing is told that is not on record. */
interface Topic {
  /** Who may read this kind of thing may be told of it. */
  kind: ResourceKind;
  /** After the name of the thing, e.g. "sandbox web" + " was killed". */
  says: string;
}

export const topics = {
  "sandbox.kill": { kind: "sandbox", says: "was killed" },
  "sandbox.killAll": { kind: "sandbox", says: "had its sandboxes killed" },
  "sandbox.quarantine": { kind: "sandbox", says: "was put into quarantine" },
  "sandbox.release": { kind: "sandbox", says: "was released from quarantine" },
  "sandbox.ended": { kind: "sandbox", says: "was ended by a limit" },
  "sandbox.policyRefused": { kind: "sandbox", says: "was sent a policy that its node cannot read" },
  "node.enroll": { kind: "node", says: "was enrolled" },
  "node.revoke": { kind: "node", says: "was revoked" },
  "plan.failed": { kind: "plan", says: "failed on its node" },
  "policy.saveVersion": { kind: "policy", says: "has a new version" },
  "change.propose": { kind: "change", says: "was proposed" },
  "change.remind": { kind: "change", says: "still waits for approval" },
  "change.approve": { kind: "change", says: "has its approvals" },
  "change.reject": { kind: "change", says: "was rejected" },
  "change.apply": { kind: "change", says: "was applied" },
  "change.fail": { kind: "change", says: "could not be applied" },
  "change.supersede": { kind: "change", says: "was superseded" },
  "change.expire": { kind: "change", says: "ran out of time" },
  "change.breakGlass": { kind: "change", says: "was applied by break-glass; its review is open" },
  "change.closeReview": { kind: "change", says: "was reviewed after break-glass" },
  "change.takeBack": { kind: "change", says: "was taken back: it was applied by break-glass, and its time was over" },
  "change.leave": { kind: "change", says: "was applied by break-glass, and not all of it was taken back" },
  "delegation.give": { kind: "change", says: "are votes that were lent" },
  "delegation.end": { kind: "change", says: "are votes that are lent no more" },
  "exception.grant": { kind: "exception", says: "was granted" },
  "exception.end": { kind: "exception", says: "was ended" },
  "agentRequest.ask": { kind: "exception", says: "was asked for by an agent" },
  "secret.rotate": { kind: "secret", says: "was rotated" },
  "sso.breakGlass": { kind: "identity_provider", says: "came in past single sign-on as the break-glass owner" },
  "sso.enforce": { kind: "identity_provider", says: "had its enforcement changed" },
  "token.create": { kind: "token", says: "was made" },
} as const satisfies { [A in AuditAction]?: Topic };

export type NoticeTopic = keyof typeof topics;
/** `Object.keys` of a literal answers exactly its keys. */
const keysOf = <K extends string>(record: Readonly<Record<K, unknown>>) => Object.keys(record) as K[];
export const noticeTopics: readonly NoticeTopic[] = keysOf(topics);
export const isNoticeTopic = (text: string): text is NoticeTopic => Object.hasOwn(topics, text);

const PAGES: Readonly<Record<string, string>> = {
  sandbox: "/sandboxes/",
  node: "/nodes/",
  policy: "/policies/",
  change: "/changes/",
};
/** The page on which somebody reads on and decides, behind the dashboard's sign-in. */
export const pageOf = (resource: { kind: string; id: string | null }): string => {
  const page = PAGES[resource.kind];
  return page === undefined || resource.id === null ? "/audit" : `${page}${resource.id}`;
};
