import { and, eq, newId, type Tx, tables, withOrg, withSystem } from "@creel/db";
import type { Ctx } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { first } from "../stored.ts";
import type { Claims } from "./complete.ts";
import { domainOf } from "./domain.ts";
import { SUBJECT_CHARS_MAX } from "./limits.ts";
import { isVerified, type ProviderRow } from "./row.ts";

/**
 * Threat: a provider, or whoever may write their own address there, names the address of somebody else. Invariant: who a person is
 * says the issuer with its subject. An address leads to an account once, when subject and account are linked, and only if the
 * provider vouches for the address and this org has verified the address's domain.
 */
export interface Person {
  subject: string;
  /** In lower case; null where the provider does not vouch for one. */
  email: string | null;
  name: string | null;
}

const NAME_CHARS_MAX = 128;
const EMAIL_CHARS_MAX = 254;

export function personOfClaims(row: ProviderRow, claims: Claims): Person {
  const { sub, email, name } = claims;
  if (claims.iss !== row.issuer || sub === "" || sub.length > SUBJECT_CHARS_MAX)
    throw new CreelError("sso_refused", "Your identity provider does not say who you are.");
  // Some send the word: it is not the value that the standard names, and vouches for nothing.
  const vouched = claims.email_verified === true && typeof email === "string" && email.length <= EMAIL_CHARS_MAX;
  const shown =
    typeof name === "string"
      ? name
          .replace(/\p{Cc}+/gu, " ")
          .trim()
          .slice(0, NAME_CHARS_MAX)
      : "";
  return { subject: sub, email: vouched ? email.trim().toLowerCase() : null, name: shown === "" ? null : shown };
}

interface Account {
  id: string;
  email: string;
}

/** Whoever is linked to the subject in this org. */
export async function accountOf(tx: Tx, row: ProviderRow, { subject }: Person): Promise<Account | null> {
  const i = tables.userIdentities;
  const found = first(
    await tx
      .select({ id: i.userId, email: i.email })
      .from(i)
      .where(and(eq(i.orgId, row.orgId), eq(i.issuer, row.issuer), eq(i.subject, subject))),
  );
  return found;
}

/** The account of a vouched-for address in a verified domain; made where there is none and `mayJoin` says that they will belong here. */
export async function ensureAccount(ctx: Ctx, row: ProviderRow, person: Person, mayJoin: boolean): Promise<Account> {
  const { orgId } = row;
  const { email } = person;
  if (email === null)
    throw new CreelError("sso_refused", "Your identity provider does not vouch for your address (email_verified).");
  const domain = domainOf(email);
  if (domain === null || !(await withOrg(ctx.db, orgId, async (tx) => await isVerified(tx, { orgId, domain }))))
    throw new CreelError("sso_refused", "Your address is in no domain that this organization has verified.");
  const u = tables.users;
  return await withSystem(ctx.db, async (tx) => {
    const find = async () =>
      first(await tx.select({ id: u.id, email: u.email, disabledAt: u.disabledAt }).from(u).where(eq(u.email, email)));
    let account = await find();
    if (account === null && mayJoin) {
      const name = person.name ?? email.split("@")[0] ?? email;
      await tx
        .insert(u)
        .values({ id: newId(ctx.clock()), email, name, passwordHash: null })
        .onConflictDoNothing();
      account = await find();
    }
    if (account === null) throw noRole();
    if (account.disabledAt !== null) throw new CreelError("sso_refused", "This account is disabled.");
    return { id: account.id, email: account.email };
  });
}

export const noRole = (): CreelError =>
  new CreelError(
    "sso_refused",
    "Nothing at your identity provider gives you a role here. Ask an owner of the organization.",
  );
