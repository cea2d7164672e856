import type { Case } from "../model.ts";
import { credentialSources } from "./credential-sources.ts";
import { credentials } from "./credentials.ts";
import { dns_ } from "./dns.ts";
import { filesystem } from "./filesystem.ts";
import { http } from "./http.ts";
import { http2 } from "./http2.ts";
import { identity } from "./identity.ts";
import { lifecycle } from "./lifecycle.ts";
import { limits } from "./limits.ts";
import { network } from "./network.ts";
import { process_ } from "./process.ts";
import { profiles } from "./profiles.ts";
import { proxy } from "./proxy.ts";
import { resources } from "./resources.ts";
import { websocket } from "./websocket.ts";

export function allCases(): Case[] {
  const cases = [
    ...filesystem,
    ...process_,
    ...network,
    ...identity,
    ...http,
    ...http2,
    ...websocket,
    ...proxy,
    ...dns_,
    ...credentials,
    ...credentialSources,
    ...resources,
    ...limits,
    ...profiles,
    ...lifecycle,
  ];
  const seen = new Set<string>();
  for (const { id } of cases) {
    if (seen.has(id)) throw new Error(`two cases are named ${id}`);
    seen.add(id);
  }
  return cases;
}
