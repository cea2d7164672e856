import type { Db } from "@creel/db";
import type { JobQueue } from "@creel/queue";
import type { Grant } from "./authz/grant.ts";
import type { Sealer } from "./secrets/sealer.ts";
import type { SsoWorld } from "./sso/ssoWorld.ts";

export interface UserActor {
  kind: "user";
  userId: string;
  orgId: string;
  /** What the person may do, read anew for each request. */
  grants: readonly Grant[];
  email: string;
  /** The session this request came in on, when it came in on one. */
  sessionId?: string | undefined;
  /** When this sign-in last proved who it is, with every factor; see `expectProof`. */
  provedAt?: Date | null | undefined;
  /** The org's provider that began this sign-in; it speaks for that org and for nothing else of the person. */
  identityProviderId?: string | null | undefined;
}
export interface ApiKeyActor {
  kind: "apiKey";
  tokenId: string;
  orgId: string;
  /** What is left of the owner's grants under the key's own bounds. */
  grants: readonly Grant[];
  name: string;
  owner: { kind: "user" | "service_account"; id: string };
  /** The address of the person, or the name of the service account. */
  ownerLabel: string;
}
export interface NodeActor {
  kind: "node";
  nodeId: string;
  orgId: string;
  /** How people call it, for the audit row. */
  name?: string;
}
/** A part of Creel itself; `reason` says which and stands in the audit row. */
export interface SystemActor {
  kind: "system";
  reason: string;
}
/** The person behind an actor, also when a key of theirs acts; null when it is no person's doing. */
export const personOf = (actor: Actor | null): string | null => {
  if (actor?.kind === "user") return actor.userId;
  return actor?.kind === "apiKey" && actor.owner.kind === "user" ? actor.owner.id : null;
};

export type Actor = UserActor | ApiKeyActor | NodeActor | SystemActor;

/** What every verb gets besides its input. Nothing below a transport reads a session, a header or the environment. */
export interface Ctx<A extends Actor | null = Actor | null> {
  /** null is nobody: a request without a credential, or with one that does not hold. */
  actor: A;
  db: Db;
  clock: () => Date;
  jobs: JobQueue;
  seal: Sealer;
  requestId: string;
  /** Where the request came from, for the audit row: an address, `cli`, `hub`. */
  source?: string | undefined;
  /** Needed by `node.createEnrollSecret` alone: what a join URI must say. */
  deployment?: Deployment | undefined;
  /** `host:port` of receivers of notices that may be private; whoever runs this installation names them. */
  noticeHosts?: readonly string[] | undefined;
  /** Who may found further orgs; nobody where it is not said. */
  founders?: Founders | undefined;
  /** Needed by `sso` alone. */
  sso?: SsoWorld | undefined;
}

/** `owners`: whoever owns an org of this installation. */
export type Founders = "owners" | "nobody";

export interface Deployment {
  /** Where nodes connect, e.g. `https://hub.example.com:7401`. */
  hubUrl: string;
  /** `sha256:<hex>` of the deployment CA certificate (DER). */
  caPin: string;
}
