import type { IDToken } from "openid-client";

/** What a provider says of a person. */
export type Claims = IDToken & Readonly<Record<string, unknown>>;
