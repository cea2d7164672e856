/** What the verbs about single sign-on answer: plain JSON, instants as ISO 8601 strings in UTC. The client secret is in none. */

export interface RoleMapping {
  /** A value of the claim. */
  value: string;
  /** A built-in role or the id of the org's own. */
  role: string;
  teamId: string | null;
}
export interface IdentityProviderView {
  id: string;
  name: string;
  issuer: string;
  clientId: string;
  clockSkewSeconds: number;
  roleClaim: string | null;
  roleMapping: RoleMapping[];
  defaultRole: string | null;
  enforced: boolean;
  breakGlass: { userId: string; email: string } | null;
  /** The first sign-in that went well under the settings as they are; null until there was one. */
  provenAt: string | null;
  lastSignInAt: string | null;
  createdBy: string;
  updatedAt: string;
}
export interface IdentityDomainView {
  id: string;
  domain: string;
  verifiedAt: string | null;
  checkedAt: string | null;
  /** The TXT record that says whose the domain is. */
  record: { name: string; value: string };
}
export interface SingleSignOnView {
  provider: IdentityProviderView | null;
  domains: IdentityDomainView[];
  /** What the provider must be told. */
  redirectUri: string;
}
/** How somebody with an address of some domain may come in; the same for every address of it, known or not. */
export interface WaysIn {
  provider: { name: string } | null;
  password: boolean;
}
