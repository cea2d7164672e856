/** The one place that knows the shape of a page's address; links and redirects all come from here. */

type Filters = Readonly<Record<string, string | number | undefined | null>>;

const withQuery = (path: string, filters: Filters = {}): string => {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(filters))
    if (value !== undefined && value !== null && value !== "") query.set(key, String(value));
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
};
const id = (value: string): string => encodeURIComponent(value);

export interface DecisionFilters extends Filters {
  sandboxId?: string | undefined;
  nodeId?: string | undefined;
  decision?: string | undefined;
  kind?: string | undefined;
}

export const paths = {
  overview: () => "/",
  signIn: (next?: string) => withQuery("/signin", { next }),
  nodes: () => "/nodes",
  node: (nodeId: string) => `/nodes/${id(nodeId)}`,
  sandboxes: (filters?: { nodeId?: string | undefined }) => withQuery("/sandboxes", filters),
  sandbox: (sandboxId: string) => `/sandboxes/${id(sandboxId)}`,
  decisions: (filters?: DecisionFilters) => withQuery("/decisions", filters),
  /** With `propose`, the rule that would allow or deny it for good is open before it. */
  decision: (decisionId: string, more?: { propose: "allow" | "deny"; reason?: string }) =>
    withQuery(`/decisions/${id(decisionId)}`, { ...more }),
  policies: () => "/policies",
  /** With `version` beside another one, the newest unless `to` names it. */
  policy: (policyId: string, version?: number, to?: number) => withQuery(`/policies/${id(policyId)}`, { version, to }),
  changes: (filters?: { show?: string | undefined }) => withQuery("/changes", filters),
  change: (changeId: string) => `/changes/${id(changeId)}`,
  approvalPolicies: () => "/changes/policies",
  approvalPolicy: (policyId: string) => `/changes/policies/${id(policyId)}`,
  inbox: (filters?: { sandboxId?: string | undefined; show?: string | undefined }) => withQuery("/inbox", filters),
  audit: (filters?: Filters) => withQuery("/audit", filters),
  /** A download: a full load, never a link within the site. */
  auditExport: (filters: Filters & { format: string }) => withQuery("/audit/export", filters),
  tokens: () => "/settings/tokens",
  secondFactor: () => "/settings/second-factor",
  secrets: () => "/settings/secrets",
  secret: (secretId: string) => `/settings/secrets/${id(secretId)}`,
  members: () => "/settings/members",
  teams: () => "/settings/teams",
  roles: () => "/settings/roles",
  grants: () => "/settings/grants",
  serviceAccounts: () => "/settings/service-accounts",
  access: () => "/settings/access",
  /** The token stands behind the `#`: a browser sends that to nobody. */
  invitation: (token: string) => `/invite#${id(token)}`,
  sessions: () => "/settings/sessions",
  singleSignOn: () => "/settings/single-sign-on",
  /** Leaves this site: a full load, never a link within it. */
  ssoStart: (given: { email: string; next: string; prove?: boolean }) =>
    withQuery("/api/auth/sso/start", { email: given.email, next: given.next, prove: given.prove ? 1 : undefined }),
  /** Where a person confirms a command line's code. */
  device: () => "/device",
  /** Where the provider's page ends after a proof; tells the page that asked. */
  proved: (filters?: { error?: string }) => withQuery("/proved", filters),
  notices: () => "/settings/notices",
  delegations: () => "/settings/delegations",
} as const;

/**
 * Only a path of this site may follow a sign-in: an absolute or protocol-relative address would be an open redirect.
 * The browser's own parser judges, because it forgives backslashes, tabs and line breaks that a prefix test would miss.
 */
export const safeNext = (next: string | null | undefined): string => {
  const base = "http://this-site.invalid";
  if (!next?.startsWith("/") || !URL.canParse(next, base)) return paths.overview();
  const url = new URL(next, base);
  return url.origin === base ? `${url.pathname}${url.search}` : paths.overview();
};
