import { randomUUID } from "node:crypto";
import { type Ctx, type SsoWorld, sso, type UserActor } from "../../src/index.ts";
import { sealTicket } from "../../src/sso/ticket.ts";
import type { Fleet, TestOrg } from "./fleet.ts";
import { CLIENT, type Issuer } from "./issuer.ts";

/** The world of single sign-on as the tests have it: DNS is a table. */
export interface SsoHouse {
  world: SsoWorld;
  records: Map<string, string>;
  ctx(actor: UserActor | null): Ctx;
  /** The org's owner, who just proved who they are. */
  owner(org: TestOrg): UserActor;
}

export function openHouse(fleet: Fleet, issuers: readonly Pick<Issuer, "host">[]): SsoHouse {
  const records = new Map<string, string>();
  const world: SsoWorld = {
    webUrl: "https://creel.example",
    trustedHosts: issuers.map(({ host }) => host),
    resolveTxt: async (name) => {
      const found = records.get(name);
      if (found === undefined) throw new Error("queryTxt ENOTFOUND");
      // As DNS hands it out: in pieces, beside what others wrote there.
      return [["v=spf1 -all"], [found.slice(0, 9), found.slice(9)]];
    },
  };
  return {
    world,
    records,
    ctx: (actor) => ({ ...fleet.ctx(actor), sso: world }),
    owner: (org) => ({ ...org.as("owner"), provedAt: fleet.clock.now }),
  };
}

export async function verify(house: SsoHouse, org: TestOrg, domain: string): Promise<string> {
  const ctx = house.ctx(house.owner(org));
  const named = await sso.addDomain({ ctx, input: { domain } });
  house.records.set(named.record.name, named.record.value);
  await sso.verifyDomain({ ctx, input: { domainId: named.id } });
  return named.id;
}

export const settings = (issuer: Pick<Issuer, "issuer">) => ({
  name: "Acme ID",
  issuer: issuer.issuer,
  clientId: CLIENT.id,
  clientSecret: CLIENT.secret,
  defaultRole: "viewer" as const,
});

export interface Journey {
  email: string;
  subject: string;
  next?: string;
  prove?: boolean;
  /** Whoever is in already and asks to prove it. */
  by?: UserActor;
}

/** From the button to the address the provider sends the browser back to. */
export async function journey(house: SsoHouse, issuer: Issuer, { subject, by, ...input }: Journey) {
  const begun = await sso.begin({ ctx: house.ctx(by ?? null), input });
  const back = await issuer.answer(begun.url, subject);
  const orgId = back.pathname.split("/").at(-1) ?? "";
  return { ...begun, back, answer: { orgId, query: back.search, ticket: begun.ticket } };
}

export async function signInBy(house: SsoHouse, issuer: Issuer, of: Journey) {
  const { answer } = await journey(house, issuer, of);
  const entered = await sso.complete({ ctx: house.ctx(null), input: answer });
  if ("proved" in entered) throw new Error("no sign-in began");
  return entered;
}

/** Where nobody listens. */
const NOBODY = "http://127.0.0.1:1";

/** What the walk over all verbs says to those of single sign-on: an org with a provider that cannot be reached, and a domain. */
export async function makeSso(fleet: Fleet, org: TestOrg): Promise<() => Promise<Record<string, unknown>>> {
  const owner = { ...org.as("owner"), provedAt: fleet.clock.now };
  const provider = { name: "Walk ID", issuer: NOBODY, clientId: CLIENT.id, clientSecret: CLIENT.secret };
  const { id: domainId } = await sso.addDomain({ ctx: fleet.ctx(owner), input: { domain: "walk.example" } });
  await sso.save({ ctx: fleet.ctx(owner), input: provider });
  const email = "a@walk.example";
  return async () => ({
    "sso.save": provider,
    "sso.enforce": { enforced: false },
    "sso.addDomain": { domain: `walk-${randomUUID().slice(0, 8)}.example` },
    "sso.verifyDomain": { domainId },
    "sso.removeDomain": { domainId },
    "sso.waysIn": { email },
    "sso.begin": { email },
    "sso.complete": await refusedAnswer(fleet, org),
  });
}

/** A provider's no to a sign-in that was begun here. */
async function refusedAnswer(fleet: Fleet, org: TestOrg) {
  const { provider } = await sso.get({ ctx: fleet.ctx(org.as("owner")), input: {} });
  const state = randomUUID();
  const { seal } = fleet.ctx(null);
  const ticket = await sealTicket(seal, {
    orgId: org.orgId,
    providerId: provider?.id ?? randomUUID(),
    settingsAt: Date.parse(provider?.updatedAt ?? ""),
    state,
    nonce: randomUUID(),
    codeVerifier: "v".repeat(43),
    prove: false,
    next: "/",
    expiresAt: fleet.clock.now.getTime() + 60_000,
  });
  return { orgId: org.orgId, query: `?error=access_denied&state=${state}`, ticket };
}
