import { type Ctx, type SsoWorld, sso, type UserActor } from "../../src/index.ts";
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

export function openHouse(fleet: Fleet, issuers: readonly Issuer[]): SsoHouse {
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

export const settings = (issuer: Issuer) => ({
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
}

/** From the button to the address the provider sends the browser back to. */
export async function journey(house: SsoHouse, issuer: Issuer, { subject, ...input }: Journey) {
  const begun = await sso.begin({ ctx: house.ctx(null), input });
  const back = await issuer.answer(begun.url, subject);
  const orgId = back.pathname.split("/").at(-1) ?? "";
  return { ...begun, back, answer: { orgId, query: back.search, ticket: begun.ticket } };
}

export async function signInBy(house: SsoHouse, issuer: Issuer, of: Journey) {
  const { answer } = await journey(house, issuer, of);
  return await sso.complete({ ctx: house.ctx(null), input: answer });
}
