import { z } from "zod";

/** RFC 1035 2.3.4: a name has at most 253 characters as text. Letters, digits and hyphens alone; others are written in Punycode. */
const DOMAIN_CHARS_MAX = 253;
const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const DOMAIN = new RegExp(`^(?:${LABEL}\\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$`);

export const domainSchema = z
  .string()
  .trim()
  .toLowerCase()
  .max(DOMAIN_CHARS_MAX)
  .regex(DOMAIN, "write a domain such as example.com");

/** What follows the one @ of an address in lower case; null for what is no plain address. */
export function domainOf(email: string): string | null {
  const parts = email.trim().toLowerCase().split("@");
  const [local = "", domain = ""] = parts;
  if (parts.length !== 2 || local === "" || /[\s"<>,;:\\()[\]\p{Cc}]/u.test(local)) return null;
  return domain.length <= DOMAIN_CHARS_MAX && DOMAIN.test(domain) ? domain : null;
}

/** Where the owner of a domain says whose it is: a name of its own, so that no other record is in the way. */
export const recordName = (domain: string): string => `_creel-sso.${domain}`;
export const recordValue = (token: string): string => `creel-domain-verification=${token}`;
